"""Spending points at the till: hold, capture or release."""

from datetime import timedelta
from typing import Any

from server.api.endpoint import Call, Reply
from server.api.partner import partner
from server.api.partner.own import check_own_hold
from server.api.partner.transactions import recording_of
from server.api.presenters.updates import Updates, updates_now
from server.api.schemas import Instant, Integer, Money, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import tier_view_of
from server.core.errors import NotFound, ValidationFailed
from server.core.ids import EXAMPLE_MEMBER_ID, new_id
from server.gamification.activities.types import Configuration
from server.gamification.cards.errors import AssuranceTooLow, CardBlocked, QrReplayed, QrStale
from server.gamification.cards.service import spend_with_code
from server.gamification.holds.errors import CaptureExceedsHold, HoldNotFound, HoldResolved
from server.gamification.holds.queries import find_hold_owner, get_hold_row
from server.gamification.holds.service import place_hold, release_hold
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.service import open_book
from server.gamification.ledger.types import AMOUNT_MAX, Cause
from server.gamification.members.errors import MemberBlocked, MemberMerged
from server.gamification.members.queries import get_member
from server.gamification.members.rules import why_not_served
from server.gamification.points.errors import SpendTooSmall
from server.gamification.points.spending import check_least
from server.gamification.programme.types import POINTS
from server.gamification.reports.redeeming import redeem


class RedemptionIn(RequestSchema):
    """Points to hold. A till sends the rotating code as `qr`; a shop's backend, which has signed
    its customer in, may send `member_id` instead.
    """

    example = {"points": 60, "member_id": EXAMPLE_MEMBER_ID}

    points = Integer(required=True, least=1, most=AMOUNT_MAX)
    qr = Text(most=100, load_default=None, allow_none=True)
    member_id = Text(most=40, load_default=None, allow_none=True)


class CaptureIn(RequestSchema):
    """How many of the held points to spend; all of them when not sent."""

    example = {"points": 50}

    points = Integer(least=1, most=AMOUNT_MAX, load_default=None, allow_none=True)


class ReleaseIn(RequestSchema):
    """Nothing needs to be said."""


class RedemptionPart(Out):
    """Points set aside. `state` is held, captured, released or lapsed; `worth` is what the points
    held, or once captured those captured, take off the bill.
    """

    id = Text(required=True)
    member_id = Text(required=True)
    state = Text(required=True)
    points = Integer(required=True)
    points_captured = Integer(required=True)
    worth = Nested(Money, required=True)
    lapses_at = Instant(required=True)


class RedemptionOut(Out):
    """A redemption and the balance after it."""

    redemption = Nested(RedemptionPart, required=True)
    updates = Nested(Updates, required=True)


@partner.post(
    "/redemptions",
    "createRedemption",
    scope="redemptions:write",
    body=RedemptionIn,
    answers={201: RedemptionOut},
    refuses=(
        NotFound,
        BalanceInsufficient,
        SpendTooSmall,
        AssuranceTooLow,
        QrStale,
        QrReplayed,
        CardBlocked,
        MemberBlocked,
        MemberMerged,
    ),
    idempotency="required",
)
def create_redemption(call: Call) -> Reply:
    """Hold points for a purchase.

    Pass the redemption's id in `apply` of the purchase, or capture it here. What is not captured
    in time goes back to the same lots by itself.
    """
    member_id = spender_of(call)
    recording = recording_of(call)
    check_least(recording.configuration.programme.policies, call.body["points"])
    book = open_book(call.tx, member_id, POINTS, call.now)
    hold_id = new_id("hld", call.now)
    cause = Cause("hold", hold_id, recording.actor, call.now, call.now)
    seconds = recording.configuration.programme.policies.till_hold_seconds
    place_hold(call.tx, book, call.body["points"], cause, timedelta(seconds=seconds))
    return Reply(_present(call, hold_id, recording.configuration), 201)


@partner.post(
    "/redemptions/{redemption_id}/capture",
    "captureRedemption",
    scope="redemptions:write",
    body=CaptureIn,
    answers={200: RedemptionOut},
    refuses=(HoldNotFound, HoldResolved, CaptureExceedsHold, MemberBlocked, MemberMerged),
    idempotency="required",
)
def capture_redemption(call: Call, redemption_id: str) -> Reply:
    """Spend held points, all or some; the rest goes back to its lots.

    The member finds it in the history as an activity of the kind `redemption`.
    """
    recording = recording_of(call)
    check_own_hold(call, redemption_id)
    owner = find_hold_owner(call.tx, redemption_id)
    if owner is not None:
        _check_served(call, owner[0])
    place = call.principal.extra["location_id"]
    redeem(call.tx, redemption_id, call.body["points"], place, recording)
    return Reply(_present(call, redemption_id, recording.configuration))


@partner.post(
    "/redemptions/{redemption_id}/release",
    "releaseRedemption",
    scope="redemptions:write",
    body=ReleaseIn,
    answers={200: RedemptionOut},
    refuses=(HoldNotFound, HoldResolved),
    idempotency="required",
)
def release_redemption(call: Call, redemption_id: str) -> Reply:
    """Give held points back."""
    check_own_hold(call, redemption_id)
    recording = recording_of(call)
    cause = Cause("hold", redemption_id, recording.actor, call.now, call.now)
    release_hold(call.tx, redemption_id, cause)
    return Reply(_present(call, redemption_id, recording.configuration))


def spender_of(call: Call) -> str:
    """Return who spends by `qr` or `member_id`, shown well enough for it.

    Raises ValidationFailed, AssuranceTooLow, and why the card or the member is not served.
    """
    qr, member_id = call.body["qr"], call.body["member_id"]
    if (qr is None) == (member_id is None):
        raise ValidationFailed.at("", "exactly_one", "Send qr or member_id.")
    if qr is not None:
        member_id = spend_with_code(call.tx, call.vault, qr, call.now)
    elif call.principal.kind != "partner":
        raise AssuranceTooLow.to_spend()
    _check_served(call, member_id)
    return str(member_id)


def _check_served(call: Call, member_id: str) -> None:
    """Raise why the member cannot spend, if so."""
    member = get_member(call.tx, member_id)
    refusal = why_not_served(member.status, member.merged_into_id)
    if refusal is not None:
        raise refusal


def _present(call: Call, hold_id: str, configuration: Configuration) -> dict[str, Any]:
    row = get_hold_row(call.tx, hold_id)
    owner = find_hold_owner(call.tx, hold_id)
    if row is None or owner is None:
        raise HoldNotFound
    programme = configuration.programme
    worth = programme.units[POINTS].worth_minor if POINTS in programme.units else 0
    book = open_book(call.tx, owner[0], POINTS, call.now)
    return {
        "redemption": {
            "id": row.id,
            "member_id": owner[0],
            "state": row.state,
            "points": row.amount,
            "points_captured": row.captured,
            "worth": {
                "amount_minor": (row.captured or row.amount) * worth,
                "currency": programme.currency_code,
            },
            "lapses_at": row.lapses_at,
        },
        "updates": updates_now(call.tx, book.wallet, tier_view_of(call)),
    }
