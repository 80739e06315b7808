"""Moving points: lock the wallet, write in its book, save the book. Nothing here commits."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, cast, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from server.core.audit import Change, write_audit
from server.core.columns import code
from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.statements import Prepared
from server.gamification.ledger import queries
from server.gamification.ledger.book import Book
from server.gamification.ledger.errors import CaptureExceedsHold, HoldNotFound, HoldResolved
from server.gamification.ledger.models import (
    HOLD,
    LOT,
    LOT_DRAW,
    TRANSFER,
    TRANSFER_NOTE,
    WALLET,
)
from server.gamification.ledger.rules import grace_end, is_expired
from server.gamification.ledger.types import (
    Cause,
    Hold,
    HoldState,
    Kind,
    Lot,
    Term,
)
from server.gamification.members.models import MEMBER
from server.gamification.programme.queries import get_programme

_INSERT_TRANSFER = Prepared(insert(TRANSFER))
_INSERT_NOTE = Prepared(insert(TRANSFER_NOTE))
_INSERT_LOT = Prepared(insert(LOT))
_INSERT_DRAW = Prepared(insert(LOT_DRAW))
_INSERT_HOLD = insert(HOLD)
_COUNTERS = ("available", "pending", "held", "debt", "lifetime_earned", "version")


def _insert_wallet(dialect: Any) -> Any:
    """Insert a wallet for a member that exists; nothing when it has one or there is no member."""
    texts = [bindparam("new_id"), MEMBER.c.id, bindparam("of_unit"), literal("")]
    source = select(
        *(cast(text, code(64)) if text is not MEMBER.c.id else text for text in texts),
        *(literal(0) for _ in _COUNTERS),
    ).where(MEMBER.c.id == bindparam("of_member"))
    columns = ["id", "member_id", "unit", "head_hash", *_COUNTERS]
    return dialect.insert(WALLET).from_select(columns, source).on_conflict_do_nothing()


_NEW_WALLET = {"postgresql": _insert_wallet(postgresql), "sqlite": _insert_wallet(sqlite)}
_UPDATE_WALLET = Prepared(
    update(WALLET)
    .where(WALLET.c.id == bindparam("wallet_id"))
    .values(
        available=bindparam("new_available"),
        pending=bindparam("new_pending"),
        held=bindparam("new_held"),
        debt=bindparam("new_debt"),
        lifetime_earned=bindparam("new_lifetime_earned"),
        version=bindparam("new_version"),
        head_hash=bindparam("new_head_hash"),
    )
)
_UPDATE_LOT = Prepared(
    update(LOT)
    .where(LOT.c.id == bindparam("lot_id"))
    .values(remaining=bindparam("new_remaining"), is_pending=bindparam("new_is_pending"))
)
_RESOLVE_HOLD = (
    update(HOLD)
    .where(HOLD.c.id == bindparam("hold_id"), HOLD.c.state == HoldState.HELD)
    .values(
        state=bindparam("new_state"),
        captured=bindparam("new_captured"),
        resolved_at=bindparam("new_resolved_at"),
    )
)


def open_book(tx: Connection, member_id: str, unit: str, now: datetime) -> Book:
    """Lock a member's wallet (made when missing) and return its book, settled at `now`.

    The book holds all open lots. Raise `NotFound` when there is no such member.
    """
    row = _lock_row(tx, member_id, unit, now)
    if row is None:
        raise NotFound("There is no such member.")
    return _settled(tx, row, now)


def find_book(tx: Connection, member_id: str, unit: str, now: datetime) -> Book | None:
    """Lock a member's wallet and return a book to add to, or None without such a member.

    Lots are loaded only when something is due by itself, since a pure accrual needs none.
    """
    row = _lock_row(tx, member_id, unit, now)
    return _book_to_add(tx, row, now) if row else None


def open_books(
    tx: Connection, member_ids: Sequence[str], unit: str, now: datetime
) -> dict[str, Book]:
    """Lock the wallets of several members in one order; return books to add to, by member id.

    Only members that do not exist are missing.
    """
    rows = queries.lock_wallet_rows(tx, member_ids, unit, now)
    if len(rows) < len(member_ids):
        create_wallets(tx, set(member_ids) - {row.member_id for row in rows}, unit, now)
        rows = queries.lock_wallet_rows(tx, member_ids, unit, now)
    return {row.member_id: _book_to_add(tx, row, now) for row in rows}


def create_wallets(tx: Connection, member_ids: Iterable[str], unit: str, now: datetime) -> None:
    """Make empty wallets for members who have none; twins that race end up with one."""
    rows = [
        {"new_id": new_id("wal", now), "of_member": member, "of_unit": unit}
        for member in sorted(member_ids)
    ]
    tx.execute(_NEW_WALLET[tx.dialect.name], rows)


def _lock_row(tx: Connection, member_id: str, unit: str, now: datetime) -> Any:
    row = queries.lock_wallet_row(tx, member_id, unit, now)
    if row is None:
        create_wallets(tx, [member_id], unit, now)
        row = queries.lock_wallet_row(tx, member_id, unit, now)
    return row


def _book_to_add(tx: Connection, row: Any, now: datetime) -> Book:
    return _settled(tx, row, now) if row.has_due else Book(queries.wallet_of(row))


def _settled(tx: Connection, row: Any, now: datetime) -> Book:
    book = Book(queries.wallet_of(row), queries.list_open_lots(tx, row.id))
    book.settle(now)
    return book


def save_books(tx: Connection, books: Sequence[Book]) -> None:
    """Write all movements of these books, each table with one statement."""
    changed = [book for book in books if book.transfers]
    for book in changed:
        book.seal()
    _INSERT_TRANSFER.run(tx, [row for book in changed for row in book.transfers])
    _INSERT_NOTE.run(tx, [row for book in changed for row in book.notes])
    new = [_lot_row(book, lot) for book in changed for lot in book.new_lots.values()]
    _INSERT_LOT.run(tx, new)
    _UPDATE_LOT.run(tx, [row for book in changed for row in _lot_changes(book)])
    _INSERT_DRAW.run(tx, [row for book in changed for row in book.draws])
    _UPDATE_WALLET.run(tx, [_wallet_change(book) for book in changed])


def save_book(tx: Connection, book: Book) -> None:
    """Write all movements of one book."""
    save_books(tx, [book])


def _lot_row(book: Book, lot: Lot) -> dict[str, Any]:
    return {
        "id": lot.id,
        "wallet_id": book.wallet.id,
        "source_transfer_id": lot.source_transfer_id,
        "amount": lot.amount,
        "remaining": lot.remaining,
        "is_pending": lot.is_pending,
        "earned_at": lot.earned_at,
        "available_at": lot.available_at,
        "expires_at": lot.expires_at,
        "replaces_id": lot.replaces_id,
    }


def _lot_changes(book: Book) -> list[dict[str, Any]]:
    changed = [book.lots[lot_id] for lot_id in sorted(book.touched_lots - book.new_lots.keys())]
    return [
        {"lot_id": lot.id, "new_remaining": lot.remaining, "new_is_pending": lot.is_pending}
        for lot in changed
    ]


def _wallet_change(book: Book) -> dict[str, Any]:
    wallet = book.wallet
    return {
        "wallet_id": wallet.id,
        "new_available": wallet.available,
        "new_pending": wallet.pending,
        "new_held": wallet.held,
        "new_debt": wallet.debt,
        "new_lifetime_earned": wallet.lifetime_earned,
        "new_version": wallet.version,
        "new_head_hash": wallet.head_hash,
    }


def load_lots(tx: Connection, book: Book, ids: Sequence[str], now: datetime) -> None:
    """Add lots to a book that are needed although they are empty (to give points back).

    When one of them has expired by `now`, the book learns until when points live on instead.
    """
    lots = queries.list_lots(tx, [lot_id for lot_id in ids if lot_id not in book.lots])
    book.lots.update({lot.id: lot for lot in lots})
    if any(is_expired(book.lots[lot_id], now) for lot_id in ids):
        programme = get_programme(tx)
        book.grace_until = grace_end(now, programme.policies.grace_lot_days, programme.zone)


def place_hold(tx: Connection, book: Book, amount: int, cause: Cause, length: timedelta) -> Hold:
    """Set points aside for a time and return the hold; saves the book.

    `cause.ref_id` is the id of the new hold. Raise `BalanceInsufficient`.
    """
    lapses_at = cause.recorded_at + length
    transfer_id = book.hold(amount, cause)
    save_book(tx, book)
    hold = Hold(cause.ref_id, book.wallet.id, amount, 0, HoldState.HELD, lapses_at)
    tx.execute(
        _INSERT_HOLD,
        asdict(hold)
        | {"transfer_id": transfer_id, "purpose": "points", "created_at": cause.recorded_at}
        | {"resolved_at": None},
    )
    return hold


def open_hold(tx: Connection, hold_id: str, now: datetime) -> tuple[Book, Hold, str]:
    """Lock the wallet and then the hold; return book, hold and the holding transfer's id.

    A hold past its time is still returned: the caller decides. Raise `HoldNotFound`,
    or `HoldResolved` (param `state`) when it was resolved before.
    """
    owner = queries.find_hold_owner(tx, hold_id)
    if owner is None:
        raise HoldNotFound
    book = open_book(tx, *owner, now)
    found = queries.lock_hold(tx, hold_id)
    if found is None:
        raise HoldNotFound
    hold, transfer_id = found
    if hold.state is not HoldState.HELD:
        raise HoldResolved.into(hold.state)
    return book, hold, transfer_id


def capture_hold(tx: Connection, hold_id: str, amount: int | None, cause: Cause) -> str:
    """Spend a hold in full (`amount` None) or in part, return the rest; return the transfer id.

    Raise `HoldNotFound`, `HoldResolved` (also when its time has passed), `CaptureExceedsHold`.
    """
    book, hold, transfer_id = open_hold(tx, hold_id, cause.recorded_at)
    if hold.lapses_at <= cause.recorded_at:
        raise HoldResolved.into(HoldState.LAPSED)
    taken = hold.amount if amount is None else amount
    if not 0 < taken <= hold.amount:
        raise CaptureExceedsHold(held=hold.amount, asked=taken)
    draws = queries.net_draws(tx, transfer_id)
    load_lots(tx, book, [draw.lot_id for draw in draws], cause.recorded_at)
    captured = book.capture(hold, taken, draws, cause)
    save_book(tx, book)
    _resolve(tx, hold, HoldState.CAPTURED, taken, cause.recorded_at)
    return captured


def release_hold(tx: Connection, hold_id: str, cause: Cause, *, lapsed: bool = False) -> Hold:
    """Return all points of a hold to their lots. Raise `HoldNotFound`, `HoldResolved`."""
    book, hold, transfer_id = open_hold(tx, hold_id, cause.recorded_at)
    draws = queries.net_draws(tx, transfer_id)
    load_lots(tx, book, [draw.lot_id for draw in draws], cause.recorded_at)
    book.release(hold, draws, cause, Kind.LAPSE if lapsed else Kind.RELEASE)
    save_book(tx, book)
    state = HoldState.LAPSED if lapsed else HoldState.RELEASED
    _resolve(tx, hold, state, 0, cause.recorded_at)
    return hold


def lapse_holds(tx: Connection, now: datetime, limit: int) -> int:
    """Return the points of up to `limit` holds whose time is over; return how many holds."""
    lapsed = 0
    for hold_id in queries.list_due_holds(tx, now, limit):
        cause = Cause("hold", hold_id, "system:lapse", now, now)
        with suppress(HoldResolved):  # somebody was quicker
            release_hold(tx, hold_id, cause, lapsed=True)
            lapsed += 1
    return lapsed


def _resolve(tx: Connection, hold: Hold, state: HoldState, captured: int, now: datetime) -> None:
    change = {"hold_id": hold.id, "new_state": str(state)}
    tx.execute(_RESOLVE_HOLD, change | {"new_captured": captured, "new_resolved_at": now})


def audited(tx: Connection, member_id: str, unit: str, amount: int, cause: Cause) -> Cause:
    """Write into the audit trail that points move by hand (`amount` signed); return the cause of
    the movement, which refers to the entry. The reason stays with the movement: it can be erased.
    """
    change = Change("points.adjusted", "member", member_id, None, {"unit": unit, "amount": amount})
    entry_id = write_audit(tx, change, actor=cause.actor, now=cause.recorded_at)
    return replace(cause, ref_kind="audit", ref_id=entry_id)


def adjust(
    tx: Connection, member_id: str, unit: str, amount: int, cause: Cause, term: Term
) -> Book:
    """Add or take points by hand (`amount` signed, never zero); `cause.note` is the reason.

    Raise `BalanceInsufficient` when more is taken than is available.
    """
    book = open_book(tx, member_id, unit, cause.recorded_at)
    cause = audited(tx, member_id, unit, amount, cause)
    if amount >= 0:
        book.accrue(amount, cause, term, Kind.ADJUSTMENT)
    else:
        book.spend(-amount, cause, Kind.ADJUSTMENT)
    save_book(tx, book)
    return book
