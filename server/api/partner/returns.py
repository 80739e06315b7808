"""Returns and cancellations of purchases."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.moved import moved_in_games
from server.api.partner import partner
from server.api.partner.own import check_own_activity
from server.api.partner.receipts import check_currency
from server.api.partner.transactions import recording_of
from server.api.presenters.updates import Updates, updates_now
from server.api.schemas import Boolean, Integer, Items, Money, MoneyIn, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import tier_view_of
from server.core.errors import NotFound, ValidationFailed
from server.gamification.activities.errors import DuplicateMismatch, ReturnExceedsSale
from server.gamification.activities.queries import get_purchase
from server.gamification.activities.types import Return, ReturnLine, ReturnOutcome
from server.gamification.playing.returning import return_purchase
from server.gamification.returns.service import CANCELLATION


class ReturnLineIn(RequestSchema):
    """Pieces of one line that come back; `line` counts from 1 as on the receipt. Without `amount`
    they take their share of the line's money.
    """

    line = Integer(required=True, least=1, most=1000)
    quantity = Integer(required=True, least=0, most=100_000)
    amount = Nested(MoneyIn, load_default=None, allow_none=True)


class ReturnIn(RequestSchema):
    """What comes back: lines, or an amount of money, or (neither) all that is left.

    `external_id` names this return for ever: sent twice, it counts once.
    """

    example = {"external_id": "R-1001-back", "lines": [{"line": 1, "quantity": 1}]}

    external_id = Text(required=True, most=100)
    amount = Nested(MoneyIn, load_default=None, allow_none=True)
    lines = Items(Nested(ReturnLineIn), most=200, load_default=list)


class CancellationIn(RequestSchema):
    """Nothing needs to be said."""


class Shortfall(Out):
    """Points that were spent before their purchase came back. By policy they are `debt` (settled
    from the next points), `clamp` (forgiven) or `cash_value` (deduct it from the refund).
    """

    points = Integer(required=True)
    policy = Text(required=True)
    cash_value = Nested(Money, required=True, allow_none=True)


class ReturnPart(Out):
    """The return and the state of the purchase after it."""

    id = Text(required=True)
    duplicate = Boolean(required=True)
    transaction_id = Text(required=True)
    transaction_state = Text(required=True)
    amount = Nested(Money, required=True)


class PostedReturn(Out):
    """What a return took back and gave back."""

    return_ = Nested(ReturnPart, required=True, data_key="return")
    points_taken = Integer(required=True, metadata={"description": "Taken back at once."})
    points_restored = Integer(
        required=True, metadata={"description": "Spent with the purchase, given back."}
    )
    points_claimed = Integer(
        required=True,
        metadata={"description": "Forgiven to earlier returns, taken now from what came back."},
    )
    shortfall = Nested(Shortfall, required=True)
    updates = Nested(Updates, required=True)


@partner.post(
    "/transactions/{transaction_id}/returns",
    "createReturn",
    scope="returns:write",
    body=ReturnIn,
    answers={201: PostedReturn, 200: PostedReturn},
    refuses=(NotFound, ReturnExceedsSale, DuplicateMismatch),
    idempotency="required",
)
def create_return(call: Call, transaction_id: str) -> Reply:
    """Take back a purchase, whole or in part.

    What was earned is worked out again for what is left, by the rules of that purchase. Any split
    of a return takes back exactly what one whole return would.
    """
    check_own_activity(call, transaction_id)
    return _return(call, transaction_id, _return_of(call, transaction_id))


@partner.post(
    "/transactions/{transaction_id}/cancellation",
    "cancelTransaction",
    scope="returns:write",
    body=CancellationIn,
    answers={201: PostedReturn, 200: PostedReturn},
    refuses=(NotFound, ReturnExceedsSale),
    idempotency="required",
)
def cancel_transaction(call: Call, transaction_id: str) -> Reply:
    """Cancel a purchase: everything that is left of it comes back. Repeating it is harmless."""
    check_own_activity(call, transaction_id)
    return _return(call, transaction_id, Return(CANCELLATION, is_cancellation=True))


def _return_of(call: Call, transaction_id: str) -> Return:
    body = call.body
    if body["external_id"] == CANCELLATION:
        raise ValidationFailed.at("/external_id", "reserved", "This id is reserved.")
    if body["amount"] is not None and body["lines"]:
        raise ValidationFailed.at("/amount", "exactly_one", "Send lines or an amount, not both.")
    currency = get_purchase(call.tx, transaction_id).currency_code
    whole = {"currency": currency}
    for index, line in enumerate(body["lines"]):
        if line["amount"] is not None:
            check_currency(line["amount"], whole, f"/lines/{index}/amount")
    if body["amount"] is not None:
        check_currency(body["amount"], whole, "/amount")
    lines = tuple(
        ReturnLine(line["line"] - 1, line["quantity"], _amount(line["amount"]))
        for line in body["lines"]
    )
    return Return(body["external_id"], lines, _amount(body["amount"]))


def _amount(money: dict[str, Any] | None) -> int | None:
    return None if money is None else int(money["amount_minor"])


def _return(call: Call, transaction_id: str, back: Return) -> Reply:
    recording = recording_of(call)
    outcome = return_purchase(call.tx, transaction_id, back, recording)
    view = tier_view_of(call)
    updates = updates_now(call.tx, outcome.wallet, view, outcome.others)
    currency = recording.configuration.programme.currency_code
    if outcome.others:  # stars went back: so did their cards
        updates |= moved_in_games(call, outcome.wallet.member_id, (), outcome.others)
    body = _present(outcome, currency) | {"updates": updates}
    return Reply(body, 200 if outcome.is_duplicate else 201)


def _present(outcome: ReturnOutcome, currency: str) -> dict[str, Any]:
    cash = outcome.cash_value_minor
    return {
        "return": {
            "id": outcome.return_id,
            "duplicate": outcome.is_duplicate,
            "transaction_id": outcome.activity_id,
            "transaction_state": outcome.state,
            "amount": {"amount_minor": outcome.amount_minor, "currency": currency},
        },
        "points_taken": outcome.points_taken,
        "points_restored": outcome.points_restored,
        "points_claimed": outcome.points_claimed,
        "shortfall": {
            "points": outcome.shortfall,
            "policy": outcome.policy,
            "cash_value": {"amount_minor": cash, "currency": currency} if cash else None,
        },
    }
