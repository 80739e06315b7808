"""Quotes and purchases."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.moved import with_moved
from server.api.partner import partner
from server.api.partner.own import actor_of, check_own_activity, check_own_hold
from server.api.partner.receipts import QuoteIn, TransactionIn, location_of, purchase_of
from server.api.partner.receipts import source_of as receipt_source
from server.api.presenters import purchases as show
from server.api.presenters.tiers import TierSummary, TierView, summarise_tier
from server.api.presenters.updates import Updates, updates_of
from server.api.schemas import Integer, Items, Money, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import tier_view_of
from server.core.errors import NotFound
from server.gamification.activities.errors import (
    CurrencyMismatch,
    DuplicateMismatch,
    PurchaseInFuture,
    PurchaseTooOld,
)
from server.gamification.activities.queries import find_purchase_by_receipt, get_purchase
from server.gamification.activities.types import Outcome, Recording
from server.gamification.earning.refusals import trace_of_row
from server.gamification.holds.errors import HoldNotFound, HoldResolved
from server.gamification.ledger.errors import AmountInvalid
from server.gamification.members.errors import MemberBlocked, MemberMerged
from server.gamification.playing.service import record_purchase
from server.gamification.points.errors import SpendShareExceeded
from server.gamification.quotes.service import quote_purchase
from server.gamification.standings.climbing import outlook_of
from server.gamification.tiers.rules import current_tier


class PostedTransaction(Out):
    """What became of a purchase: effects in words and numbers, and what did not apply and why."""

    transaction = Nested(show.TransactionOut, required=True)
    effects = Items(Nested(show.Effect), required=True)
    not_applied = Items(Nested(show.NotAppliedOut), required=True)
    receipt_lines = Items(Text(), required=True)
    updates = Nested(Updates, required=True)


class TransactionDetail(Out):
    """A stored purchase: what it gave, by which rules, and what came back since."""

    transaction = Nested(show.TransactionOut, required=True)
    points = Integer(required=True)
    points_taken_back = Integer(required=True)
    points_restored = Integer(required=True)
    effects = Items(Nested(show.Effect), required=True)
    applied = Items(Nested(show.AppliedOut), required=True)
    not_applied = Items(Nested(show.NotAppliedOut), required=True)


class Quote(Out):
    """What a purchase would bring. Nothing is recorded.

    `total` is what is left to pay after the discount of the member's tier, and what earns; report
    the purchase with it.
    """

    points = Integer(required=True)
    total = Nested(Money, required=True)
    effects = Items(Nested(show.Effect), required=True)
    applied = Items(Nested(show.AppliedOut), required=True)
    not_applied = Items(Nested(show.NotAppliedOut), required=True)
    receipt_lines = Items(Text(), required=True)
    tier = Nested(TierSummary, required=True)
    spendable = Integer(required=True, metadata={"description": "Points that can be spent now."})


class ReceiptQuery(RequestSchema):
    """The natural key of a purchase."""

    external_id = Text(required=True, most=100)
    source = Text(most=64, load_default=None)
    location_id = Text(most=40, load_default=None)


@partner.post(
    "/quotes",
    "createQuote",
    scope="transactions:write",
    body=QuoteIn,
    answers={200: Quote},
    refuses=(
        NotFound,
        MemberBlocked,
        MemberMerged,
        CurrencyMismatch,
        PurchaseInFuture,
        PurchaseTooOld,
        AmountInvalid,
    ),
    reads=True,
)
def create_quote(call: Call) -> Reply:
    """Say what a purchase would earn.

    The same rules as for a purchase, without any effect; also the discount of the member's tier.
    """
    recording = recording_of(call)
    asked, is_discounted = purchase_of(call, call.body), call.body["tier_discount_included"]
    quoted = quote_purchase(call.tx, asked, recording, is_discounted=is_discounted)
    view = tier_view_of(call)
    currency = asked.currency_code
    tier = current_tier(view.ladder, quoted.shopper.standing)
    effects = show.effects_of(quoted.trace, currency, view)
    body = {
        "points": quoted.trace["points"],
        "total": {"amount_minor": quoted.purchase.amount_minor, "currency": currency},
        "effects": effects + show.tier_discount(tier, quoted.discount_minor, view),
        "applied": show.applied_of(quoted.trace, view),
        "not_applied": show.not_applied_of(quoted.trace, view),
        "receipt_lines": show.receipt_lines(quoted.trace, view),
        "tier": summarise_tier(
            quoted.shopper.standing, outlook_of(quoted.shopper, view.ladder, call.now), view
        ),
        "spendable": quoted.spendable,
    }
    return Reply(body)


@partner.post(
    "/transactions",
    "createTransaction",
    scope="transactions:write",
    body=TransactionIn,
    answers={201: PostedTransaction, 200: PostedTransaction},
    refuses=(
        NotFound,
        MemberBlocked,
        MemberMerged,
        CurrencyMismatch,
        PurchaseInFuture,
        PurchaseTooOld,
        AmountInvalid,
        DuplicateMismatch,
        HoldNotFound,
        HoldResolved,
        SpendShareExceeded,
    ),
    idempotency="required",
)
def create_transaction(call: Call) -> Reply:
    """Record a purchase and give what it earns.

    A receipt that was recorded before answers 200 with its first outcome and `duplicate: true`;
    only `updates` says what is now.
    """
    for part in call.body["apply"]:
        check_own_hold(call, part["redemption_id"])
    recording = recording_of(call)
    outcome = record_purchase(call.tx, purchase_of(call, call.body), recording)
    view = tier_view_of(call)
    body = with_moved(call, present_posted(outcome, view), outcome)
    return Reply(body, 200 if outcome.is_duplicate else 201)


@partner.get(
    "/transactions/{transaction_id}",
    "getTransaction",
    scope="transactions:read",
    answers={200: TransactionDetail},
    refuses=(NotFound,),
)
def get_transaction(call: Call, transaction_id: str) -> Reply:
    """Get a purchase by its id."""
    check_own_activity(call, transaction_id)
    return Reply(_present_stored(call, get_purchase(call.tx, transaction_id)))


@partner.get(
    "/transactions",
    "findTransaction",
    scope="transactions:read",
    query=ReceiptQuery,
    answers={200: TransactionDetail},
    refuses=(NotFound,),
)
def find_transaction(call: Call) -> Reply:
    """Find a purchase by the number of its receipt."""
    location_id = location_of(call, call.query)
    source, sees_all = call.query["source"], call.principal.extra["sees_all"]
    if source is None or not sees_all:
        source = receipt_source(call, source, location_id)
    row = find_purchase_by_receipt(call.tx, source, call.query["external_id"])
    if row is None:
        raise NotFound(f"There is no such purchase from the source {source}.", source=source)
    check_own_activity(call, row.id)
    return Reply(_present_stored(call, row))


def recording_of(call: Call) -> Recording:
    """Return under which configuration, by whom and when this call records."""
    return Recording(call.configuration, actor_of(call), call.now)


def present_posted(outcome: Outcome, view: TierView) -> dict[str, Any]:
    """Return the answer to a recorded purchase."""
    return {
        "transaction": {
            "id": outcome.activity_id,
            "duplicate": outcome.is_duplicate,
            "state": outcome.state,
            "member_id": outcome.member_id,
            "occurred_at": outcome.occurred_at,
            "total": {
                "amount_minor": outcome.amount_minor,
                "currency": outcome.currency_code,
            },
        },
        "effects": show.effects_of(outcome.trace, outcome.currency_code, view),
        "not_applied": show.not_applied_of(outcome.trace, view),
        "receipt_lines": show.receipt_lines(outcome.trace, view),
        "updates": updates_of(outcome.wallet, outcome.shopper, view, outcome.others),
    }


def _present_stored(call: Call, row: Any) -> dict[str, Any]:
    view = tier_view_of(call)
    trace = trace_of_row(call.tx, row)
    return {
        "transaction": present_part(row),
        "points": row.points,
        "points_taken_back": row.clawed_back,
        "points_restored": row.restored,
        "effects": show.effects_of(trace, row.currency_code, view),
        "applied": show.applied_of(trace, view),
        "not_applied": show.not_applied_of(trace, view),
    }


def present_part(row: Any) -> dict[str, Any]:
    """Return a stored purchase itself, without what it brought about."""
    return {
        "id": row.id,
        "duplicate": False,
        "state": row.state,
        "member_id": row.member_id,
        "occurred_at": row.occurred_at,
        "total": {"amount_minor": row.amount_minor, "currency": row.currency_code},
    }
