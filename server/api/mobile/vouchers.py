"""The member's vouchers: all of them, one with its code, and giving one back."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.rewards import (
    VoucherOut,
    VoucherSummary,
    state_of,
    summarise_voucher,
    with_code,
)
from server.api.presenters.updates import Updates, updates_of
from server.api.schemas import Choice, Items, Nested, PageQuery, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import reward_view_of, tier_view_of
from server.core.errors import NotFound
from server.core.pagination import CursorInvalid, Position, page_of, page_parameters, write_cursor
from server.gamification.ledger.service import open_book
from server.gamification.programme.types import POINTS
from server.gamification.rewards.catalogue import reward_at
from server.gamification.vouchers.ending import cancel
from server.gamification.vouchers.errors import VoucherNotCancellable
from server.gamification.vouchers.queries import (
    find_voucher,
    list_prices,
    list_standing_uses,
    page_vouchers,
    read_code,
    voucher_of,
)
from server.gamification.vouchers.types import Voucher, VoucherState


class VoucherQuery(PageQuery):
    """Which vouchers: all, or those in one state as it was written down last."""

    state = Choice(*(str(state) for state in VoucherState))


class VoucherPage(Out):
    """A page of vouchers, newest first."""

    items = Items(Nested(VoucherSummary), required=True)
    next_cursor = Text(required=True, allow_none=True)


class VoucherGiven(Out):
    """A voucher after a write, and the balances after it."""

    voucher = Nested(VoucherOut, required=True)
    updates = Nested(Updates, required=True)


class CancelIn(RequestSchema):
    """Nothing needs to be said."""


@member.get(
    "/me/vouchers",
    "listMyVouchers",
    query=VoucherQuery,
    answers={200: VoucherPage},
    refuses=(CursorInvalid,),
)
def list_my_vouchers(call: Call) -> Reply:
    """List the vouchers, newest first, without their codes."""
    scope, limit = f"vouchers:{call.principal.id}", call.query["limit"]
    parameters = page_parameters(call.vault, scope, call.query["cursor"], limit)
    rows = page_vouchers(call.tx, call.principal.id, parameters, call.query.get("state"))
    ids = [row.id for row in rows]
    prices, uses, view = (
        list_prices(call.tx, ids),
        list_standing_uses(call.tx, ids),
        reward_view_of(call),
    )

    def present(row: Any) -> dict[str, Any]:
        voucher = voucher_of(row)
        reward = reward_at(call.tx, voucher.reward_id, voucher.reward_version)
        return summarise_voucher(voucher, reward, prices.get(row.id, []), uses.get(row.id), view)

    def cursor_of(row: Any) -> str:
        return write_cursor(call.vault, scope, Position(row.created_at, row.id))

    return Reply(page_of(rows, limit, present, cursor_of))


@member.get(
    "/me/vouchers/{voucher_id}", "getMyVoucher", answers={200: VoucherOut}, refuses=(NotFound,)
)
def get_my_voucher(call: Call, voucher_id: str) -> Reply:
    """Get one voucher with its code."""
    voucher = find_voucher(call.tx, voucher_id)
    if voucher is None or voucher.member_id != call.principal.id:
        raise NotFound("There is no such voucher.")
    return Reply(_present(call, voucher))


@member.post(
    "/me/vouchers/{voucher_id}/cancellation",
    "cancelMyVoucher",
    body=CancelIn,
    answers={200: VoucherGiven},
    refuses=(NotFound, VoucherNotCancellable),
    idempotency="required",
    personal=True,
)
def cancel_my_voucher(call: Call, voucher_id: str) -> Reply:
    """Give an unused voucher back; what it cost returns to where it came from."""
    ended = cancel(call.tx, call.principal.id, voucher_id, call.principal.name, call.now)
    return Reply(present_given(call, ended))


def present_given(call: Call, voucher: Voucher) -> dict[str, Any]:
    """Return a voucher after a write, with the balances that it may have moved."""
    paid = list_prices(call.tx, [voucher.id]).get(voucher.id, [])
    units = [POINTS, *(part.unit for part in paid if part.unit != POINTS)]
    points, *others = (
        open_book(call.tx, voucher.member_id, unit, call.now).wallet for unit in units
    )
    updates = updates_of(points, None, tier_view_of(call), others)
    return {"voucher": _present(call, voucher), "updates": updates}


def _present(call: Call, voucher: Voucher) -> dict[str, Any]:
    view = reward_view_of(call)
    reward = reward_at(call.tx, voucher.reward_id, voucher.reward_version)
    paid = list_prices(call.tx, [voucher.id]).get(voucher.id, [])
    use = list_standing_uses(call.tx, [voucher.id]).get(voucher.id)
    is_good = state_of(voucher, call.now) is VoucherState.ACTIVE or voucher.is_waiting
    code = read_code(call.tx, call.vault, voucher) if is_good else None
    return with_code(summarise_voucher(voucher, reward, paid, use, view), reward, code, call.locale)
