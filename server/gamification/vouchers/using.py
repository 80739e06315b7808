"""Vouchers at the till: look, use, undo."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from server.core.clock import rfc3339
from server.core.crypto import Vault
from server.core.errors import NotFound, Refusal
from server.core.ids import new_id
from server.core.outbox import record
from server.core.statements import Prepared
from server.gamification.holds.service import capture_hold
from server.gamification.holds.types import Purpose
from server.gamification.ledger.book import Book
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.queries import net_draws
from server.gamification.ledger.service import load_lots, save_book
from server.gamification.ledger.types import Cause, Kind
from server.gamification.members.queries import get_member
from server.gamification.members.rules import why_not_served
from server.gamification.rewards.catalogue import reward_at
from server.gamification.rewards.types import Reward
from server.gamification.vouchers import events, rules
from server.gamification.vouchers.errors import CodeUnknown, UndoTooLate, VoucherUsed
from server.gamification.vouchers.models import VOUCHER_PRICE, VOUCHER_USE
from server.gamification.vouchers.queries import (
    find_by_code,
    find_standing_use,
    find_use,
    find_voucher,
    list_prices,
    lock_voucher,
)
from server.gamification.vouchers.redeeming import hold_price, lock_wallets
from server.gamification.vouchers.storing import change_voucher
from server.gamification.vouchers.types import Fulfilment, Paid, Till, Use, Voucher, VoucherState

UNDO_LENGTH = timedelta(minutes=15)
_INSERT_USE = Prepared(insert(VOUCHER_USE))
_UNDO = (
    update(VOUCHER_USE)
    .where(VOUCHER_USE.c.id == bindparam("use_id"), VOUCHER_USE.c.undone_at.is_(None))
    .values(undone_at=bindparam("at"), undone_by=bindparam("by"))
)
_PAY = (
    update(VOUCHER_PRICE)
    .where(
        VOUCHER_PRICE.c.voucher_id == bindparam("of_voucher"),
        VOUCHER_PRICE.c.unit == bindparam("of_unit"),
    )
    .values(hold_id=bindparam("new_hold"), transfer_id=bindparam("new_transfer"))
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A voucher that a till looks at or uses, as it is then, with its reward and its use."""

    voucher: Voucher
    reward: Reward
    use: Use | None = None
    is_repeated: bool = False


def look_at_voucher(tx: Connection, vault: Vault, code: str, till: Till, now: datetime) -> Seen:
    """Return the voucher of a code if it could be used now and here; nothing changes.

    Raise `CodeUnknown`, `VoucherUsed`, `VoucherExpired`, `VoucherEnded`, `VoucherWrongLocation`,
    `MemberBlocked`, `MemberMerged`.
    """
    voucher = _find(tx, vault, code)
    seen = _seen_before(tx, voucher) if voucher.is_waiting else _repeated(tx, voucher, till)
    if seen is not None:
        return seen
    reward = reward_at(tx, voucher.reward_id, voucher.reward_version)
    _check(tx, voucher, reward, till, now)
    return Seen(voucher, reward)


def use_voucher(tx: Connection, vault: Vault, code: str, till: Till, now: datetime) -> Seen:
    """Use the voucher of a code: what it cost is spent, its piece of the stock is sold.

    A gift that was paid for when it was prepared is handed over. The same `external_id` of the
    same till again has its first outcome. Raise as `look_at_voucher`.
    """
    found = _find(tx, vault, code)
    return use_found(tx, found.id, till, now)


def use_found(tx: Connection, voucher_id: str, till: Till, now: datetime) -> Seen:
    """Use a voucher that is known by its id. Raise as `use_voucher`."""
    voucher, _ = lock_with_wallets(tx, voucher_id, now)
    if voucher.is_waiting:
        voucher = change_voucher(tx, voucher, fulfilment=Fulfilment.RECEIVED)
        return _seen_before(tx, voucher)
    seen = _repeated(tx, voucher, till)
    if seen is not None:
        return seen
    reward = reward_at(tx, voucher.reward_id, voucher.reward_version)
    _check(tx, voucher, reward, till, now)
    for paid in list_prices(tx, [voucher.id]).get(voucher.id, []):
        _capture(tx, voucher, paid, till.actor, now)
    fulfilment = voucher.fulfilment and Fulfilment.RECEIVED
    changes = {"state": VoucherState.USED, "ended_at": now, "fulfilment": fulfilment}
    after = change_voucher(tx, voucher, **changes)
    use = Use(
        new_id("vrd", now), voucher.id, till.location_id, till.actor, till.external_id, now, None
    )
    _INSERT_USE.run(tx, [_use_row(use)])
    record(tx, [events.used(after, use.id, use.location_id)], now=now)
    return Seen(after, reward, use)


def undo_use(tx: Connection, use_id: str, actor: str, now: datetime) -> Seen:
    """Undo a use: what was spent goes back to its lots and is held anew; the voucher lives again.

    Undone once more it stays as it is. When the points that come back go to a debt, the voucher
    cannot be paid any longer and is cancelled. Raise `NotFound`, `UndoTooLate`.
    """
    use = find_use(tx, use_id)
    if use is None:
        raise NotFound("There is no such use of a voucher.")
    voucher, books = lock_with_wallets(tx, use.voucher_id, now)
    use = find_use(tx, use_id)
    assert use is not None
    reward = reward_at(tx, voucher.reward_id, voucher.reward_version)
    if use.undone_at is not None:
        return Seen(voucher, reward, use, is_repeated=True)
    if now > use.used_at + UNDO_LENGTH or reward.is_used_at_once:
        raise UndoTooLate(until=rfc3339(use.used_at + UNDO_LENGTH))
    tx.execute(_UNDO, {"use_id": use.id, "at": now, "by": actor})
    after = _revive(tx, voucher, books, actor, now)
    record(tx, [events.undone(after, use.id)], now=now)
    return Seen(after, reward, replace(use, undone_at=now))


def lock_with_wallets(
    tx: Connection, voucher_id: str, now: datetime
) -> tuple[Voucher, dict[str, Book]]:
    """Lock the wallets of a voucher's member, then the voucher. Raise `NotFound`."""
    found = find_voucher(tx, voucher_id)
    if found is None:
        raise NotFound("There is no such voucher.")
    units = [paid.unit for paid in list_prices(tx, [voucher_id]).get(voucher_id, [])]
    books = lock_wallets(tx, found.member_id, units, now)
    return lock_voucher(tx, voucher_id), books


def _find(tx: Connection, vault: Vault, code: str) -> Voucher:
    voucher = find_by_code(tx, vault, code)
    if voucher is None:
        raise CodeUnknown
    return voucher


def _repeated(tx: Connection, voucher: Voucher, till: Till) -> Seen | None:
    """Return the first outcome of a use that is reported again; refuse a used voucher."""
    if voucher.state is not VoucherState.USED:
        return None
    seen = _seen_before(tx, voucher)
    use = seen.use
    assert use is not None
    sent = (till.external_id, till.actor)
    if till.external_id is not None and sent == (use.external_id, use.actor):
        return seen
    raise VoucherUsed(used_at=rfc3339(use.used_at), location_id=use.location_id)


def _seen_before(tx: Connection, voucher: Voucher) -> Seen:
    reward = reward_at(tx, voucher.reward_id, voucher.reward_version)
    return Seen(voucher, reward, find_standing_use(tx, voucher.id), is_repeated=True)


def _check(tx: Connection, voucher: Voucher, reward: Reward, till: Till, now: datetime) -> None:
    member = get_member(tx, voucher.member_id)
    refusal: Refusal | None = why_not_served(member.status, member.merged_into_id)
    refusal = refusal or rules.why_not_usable(voucher, reward, till.location_id, now)
    if refusal is not None:
        raise refusal


def _capture(tx: Connection, voucher: Voucher, paid: Paid, actor: str, now: datetime) -> None:
    """Spend what is held; what was spent when the voucher was made stays so."""
    if voucher.is_settled or paid.hold_id is None:
        return
    cause = Cause("hold", paid.hold_id, actor, now, now)
    transfer_id = capture_hold(tx, paid.hold_id, None, cause, Purpose.VOUCHER)
    _note_payment(tx, voucher, replace(paid, transfer_id=transfer_id))


def _note_payment(tx: Connection, voucher: Voucher, paid: Paid) -> None:
    of = {"of_voucher": voucher.id, "of_unit": paid.unit}
    tx.execute(_PAY, of | {"new_hold": paid.hold_id, "new_transfer": paid.transfer_id})


def _revive(
    tx: Connection, voucher: Voucher, books: dict[str, Book], actor: str, now: datetime
) -> Voucher:
    """Bring a used voucher back to life, or end it where it cannot be paid any longer."""
    alive = replace(voucher, expires_at=rules.end_after_undo(voucher, now))
    prices = list_prices(tx, [voucher.id]).get(voucher.id, [])
    if not voucher.is_settled:
        _give_all_back(tx, voucher, prices, books, actor, now)
        try:
            with tx.begin_nested():
                _hold_anew(tx, alive, prices, actor, now)
        except BalanceInsufficient:
            return change_voucher(tx, voucher, state=VoucherState.CANCELLED, ended_at=now)
    fulfilment = voucher.fulfilment and Fulfilment.ORDERED
    return change_voucher(
        tx,
        voucher,
        state=VoucherState.ACTIVE,
        ended_at=None,
        expires_at=alive.expires_at,
        fulfilment=fulfilment,
    )


def end_used(
    tx: Connection, voucher: Voucher, books: dict[str, Book], actor: str, now: datetime
) -> Voucher:
    """Cancel a used voucher, locked: its use is undone and what it cost goes back to its lots."""
    use = find_standing_use(tx, voucher.id)
    assert use is not None
    tx.execute(_UNDO, {"use_id": use.id, "at": now, "by": actor})
    prices = list_prices(tx, [voucher.id]).get(voucher.id, [])
    _give_all_back(tx, voucher, prices, books, actor, now)
    after = change_voucher(tx, voucher, state=VoucherState.CANCELLED, ended_at=now)
    amounts = {paid.unit: paid.amount for paid in prices}
    if amounts:
        record(tx, [events.returned(after, amounts, str(after.state))], now=now)
    return after


def _give_all_back(
    tx: Connection,
    voucher: Voucher,
    prices: list[Paid],
    books: dict[str, Book],
    actor: str,
    now: datetime,
) -> None:
    for paid in prices:
        cause = Cause("voucher", voucher.id, actor, now, now, reverses_id=paid.transfer_id)
        _give_back(tx, paid, books[paid.unit], cause)


def _give_back(tx: Connection, paid: Paid, book: Book, cause: Cause) -> None:
    """Return what was spent to the lots it came from."""
    assert paid.transfer_id is not None
    draws = net_draws(tx, paid.transfer_id, paid.hold_id or "")
    load_lots(tx, book, [draw.lot_id for draw in draws], cause.recorded_at)
    book.restore(paid.amount, draws, cause, Kind.REDEMPTION)
    save_book(tx, book)


def _hold_anew(
    tx: Connection, voucher: Voucher, prices: list[Paid], actor: str, now: datetime
) -> None:
    books = lock_wallets(tx, voucher.member_id, [paid.unit for paid in prices], now)
    for paid in prices:
        cause = Cause("hold", new_id("hld", now), actor, now, now)
        held = hold_price(tx, voucher, books[paid.unit], paid.amount, cause)
        _note_payment(tx, voucher, held)


def _use_row(use: Use) -> dict[str, Any]:
    row = {name: getattr(use, name) for name in Use.__dataclass_fields__}
    return row | {"undone_by": None}
