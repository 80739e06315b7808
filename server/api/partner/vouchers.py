"""Vouchers at the till: look at a code, use it, undo that."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.partner import partner
from server.api.partner.own import actor_of, check_own_use
from server.api.partner.receipts import location_of
from server.api.presenters.rewards import ValueOut, present_value, state_of
from server.api.presenters.updates import Updates, updates_now
from server.api.schemas import Instant, Money, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import reward_view_of, tier_view_of
from server.core.errors import NotFound
from server.core.i18n import in_language
from server.gamification.ledger.service import open_book
from server.gamification.members.errors import MemberBlocked, MemberMerged
from server.gamification.programme.types import POINTS
from server.gamification.vouchers.errors import (
    CodeUnknown,
    UndoTooLate,
    VoucherEnded,
    VoucherExpired,
    VoucherUsed,
    VoucherWrongLocation,
)
from server.gamification.vouchers.types import Till
from server.gamification.vouchers.using import (
    UNDO_LENGTH,
    Seen,
    look_at_voucher,
    undo_use,
    use_voucher,
)

_NO_GOOD = (
    CodeUnknown,
    VoucherUsed,
    VoucherExpired,
    VoucherEnded,
    VoucherWrongLocation,
    MemberBlocked,
    MemberMerged,
    NotFound,
)


class VoucherAtTill(RequestSchema):
    """Where the voucher is shown, and the till's own name for it: reported again under the same
    name, it has its first outcome. A till's own location comes before the one sent.
    """

    example = {"external_id": "till4-2026-11-22-0173"}

    location_id = Text(most=40, load_default=None, allow_none=True)
    external_id = Text(most=100, load_default=None, allow_none=True)


class ReversalIn(RequestSchema):
    """Nothing needs to be said."""


class TillVoucher(Out):
    """A voucher as a till needs it; `money_due` is what is paid for it besides."""

    id = Text(required=True)
    member_id = Text(required=True)
    title = Text(required=True)
    state = Text(required=True)
    discount = Nested(ValueOut, required=True)
    money_due = Nested(Money, required=True, allow_none=True)
    fulfilment = Text(required=True, allow_none=True)
    expires_at = Instant(required=True)


class VoucherValid(Out):
    """A voucher that could be used now and here."""

    voucher = Nested(TillVoucher, required=True)


class VoucherRedemption(Out):
    """One use; `state` is redeemed or reversed."""

    id = Text(required=True)
    state = Text(required=True)
    redeemed_at = Instant(required=True)


class VoucherRedeemed(Out):
    """A use of a voucher, until when it can be undone, and the member's balance after it."""

    redemption = Nested(VoucherRedemption, required=True)
    voucher = Nested(TillVoucher, required=True)
    undo_until = Instant(required=True)
    updates = Nested(Updates, required=True)


@partner.post(
    "/vouchers/{code}/validation",
    "validateVoucher",
    scope="redemptions:write",
    body=VoucherAtTill,
    answers={200: VoucherValid},
    refuses=_NO_GOOD,
    reads=True,
)
def validate_voucher(call: Call, code: str) -> Reply:
    """Say what a voucher gives if it could be used now and here. Nothing changes."""
    seen = look_at_voucher(call.tx, call.vault, code, till_of(call), call.now)
    return Reply({"voucher": _present_voucher(call, seen)})


@partner.post(
    "/vouchers/{code}/redemption",
    "redeemVoucher",
    scope="redemptions:write",
    body=VoucherAtTill,
    answers={200: VoucherRedeemed},
    refuses=_NO_GOOD,
    idempotency="required",
)
def redeem_voucher(call: Call, code: str) -> Reply:
    """Use a voucher: what it cost is spent. It can be undone for a quarter of an hour."""
    return Reply(present_use(call, use_voucher(call.tx, call.vault, code, till_of(call), call.now)))


@partner.post(
    "/voucher-redemptions/{redemption_id}/reversal",
    "reverseVoucherRedemption",
    scope="redemptions:write",
    body=ReversalIn,
    answers={200: VoucherRedeemed},
    refuses=(NotFound, UndoTooLate),
    idempotency="required",
)
def reverse_voucher_redemption(call: Call, redemption_id: str) -> Reply:
    """Undo a use: the voucher can be used again, and its price is only set aside again."""
    check_own_use(call, redemption_id)
    return Reply(present_use(call, undo_use(call.tx, redemption_id, actor_of(call), call.now)))


def till_of(call: Call) -> Till:
    """Return who uses a voucher and where."""
    return Till(actor_of(call), location_of(call, call.body), call.body["external_id"])


def present_use(call: Call, seen: Seen) -> dict[str, Any]:
    """Return a use of a voucher as a till needs it."""
    use = seen.use
    assert use is not None
    wallet = open_book(call.tx, seen.voucher.member_id, POINTS, call.now).wallet
    state = "redeemed" if use.undone_at is None else "reversed"
    return {
        "redemption": {"id": use.id, "state": state, "redeemed_at": use.used_at},
        "voucher": _present_voucher(call, seen),
        "undo_until": use.used_at + UNDO_LENGTH,
        "updates": updates_now(call.tx, wallet, tier_view_of(call)),
    }


def _present_voucher(call: Call, seen: Seen) -> dict[str, Any]:
    voucher, view = seen.voucher, reward_view_of(call)
    return {
        "id": voucher.id,
        "member_id": voucher.member_id,
        "title": in_language(seen.reward.names, call.locale),
        "state": state_of(voucher, call.now),
        "discount": present_value(seen.reward, view),
        "money_due": view.money(voucher.money_minor),
        "fulfilment": voucher.fulfilment,
        "expires_at": voucher.expires_at,
    }
