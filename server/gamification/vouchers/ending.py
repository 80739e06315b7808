"""Vouchers that end unused: given back, taken back, or their time is over.

What was held goes back to the lots it came from and the piece of the stock to the shelf.
"""

from datetime import datetime

from sqlalchemy import Connection

from server.core.errors import NotFound
from server.core.outbox import record
from server.gamification.holds.service import release_hold
from server.gamification.holds.types import Purpose
from server.gamification.ledger.types import Cause
from server.gamification.rewards.catalogue import reward_at
from server.gamification.vouchers import events, rules
from server.gamification.vouchers.queries import find_voucher, list_due_vouchers, list_prices
from server.gamification.vouchers.storing import change_voucher
from server.gamification.vouchers.types import Voucher, VoucherState
from server.gamification.vouchers.using import lock_with_wallets

LAPSING = "system:lapse"


def cancel(tx: Connection, member_id: str, voucher_id: str, actor: str, now: datetime) -> Voucher:
    """Let a member give a voucher back. Cancelled again it stays as it is.

    Raise `NotFound` (also for another member's), `VoucherNotCancellable`.
    """
    found = find_voucher(tx, voucher_id)
    if found is None or found.member_id != member_id:
        raise NotFound("There is no such voucher.")
    voucher, _ = lock_with_wallets(tx, voucher_id, now)
    if voucher.state is VoucherState.CANCELLED:
        return voucher
    reward = reward_at(tx, voucher.reward_id, voucher.reward_version)
    refusal = rules.why_not_cancelled(voucher, reward, now)
    if refusal is not None:
        raise refusal
    return end_unused(tx, voucher, VoucherState.CANCELLED, actor, now)


def withdraw(tx: Connection, voucher_id: str, actor: str, now: datetime) -> bool:
    """Take an unused voucher back that was given; tell whether it could be taken.

    One that was used, has ended or shows somebody else's code stays. Raise `NotFound`.
    """
    voucher, _ = lock_with_wallets(tx, voucher_id, now)
    if voucher.state is not VoucherState.ACTIVE or voucher.is_settled:
        return False
    lapsed = voucher.expires_at <= now
    end_unused(tx, voucher, VoucherState.EXPIRED if lapsed else VoucherState.WITHDRAWN, actor, now)
    return not lapsed


def lapse_vouchers(tx: Connection, now: datetime, limit: int) -> int:
    """End up to `limit` vouchers whose time is over; return how many were looked at."""
    due = list_due_vouchers(tx, now, limit)
    for voucher_id in due:
        voucher, _ = lock_with_wallets(tx, voucher_id, now)
        if voucher.state is VoucherState.ACTIVE and voucher.expires_at <= now:
            end_unused(tx, voucher, VoucherState.EXPIRED, LAPSING, now)
    return len(due)


def end_unused(
    tx: Connection, voucher: Voucher, state: VoucherState, actor: str, now: datetime
) -> Voucher:
    """End an active voucher, locked, and give back what was held for it."""
    amounts: dict[str, int] = {}
    lapsed = state is VoucherState.EXPIRED
    for paid in list_prices(tx, [voucher.id]).get(voucher.id, []):
        if not voucher.is_settled and paid.hold_id is not None:
            cause = Cause("hold", paid.hold_id, actor, now, now)
            release_hold(tx, paid.hold_id, cause, lapsed=lapsed, purpose=Purpose.VOUCHER)
            amounts[paid.unit] = paid.amount
    after = change_voucher(tx, voucher, state=state, ended_at=now)
    if amounts:
        record(tx, [events.returned(after, amounts, str(state))], now=now)
    return after
