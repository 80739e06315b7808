"""Moving points: lock the wallet, write in its book, save the book. Nothing here commits."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, cast, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from server.core.audit import Change, write_audit
from server.core.columns import code
from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.outbox import record
from server.core.statements import Prepared
from server.gamification.ledger import events, queries
from server.gamification.ledger.book import Book
from server.gamification.ledger.models import (
    LOT,
    LOT_DRAW,
    TRANSFER,
    TRANSFER_NOTE,
    WALLET,
)
from server.gamification.ledger.rules import grace_end
from server.gamification.ledger.types import Cause, Kind, Lot, Term
from server.gamification.members.models import MEMBER
from server.gamification.programme.queries import get_programme

_INSERT_TRANSFER = Prepared(insert(TRANSFER))
_INSERT_NOTE = Prepared(insert(TRANSFER_NOTE))
_INSERT_LOT = Prepared(insert(LOT))
_INSERT_DRAW = Prepared(insert(LOT_DRAW))
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
        idle_at=bindparam("new_idle_at"),
        idled_at=bindparam("new_idled_at"),
    )
)
_UPDATE_LOT = Prepared(
    update(LOT)
    .where(LOT.c.id == bindparam("lot_id"))
    .values(remaining=bindparam("new_remaining"), is_pending=bindparam("new_is_pending"))
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
    """Write all movements of these books, each table with one statement, and what is told."""
    changed = [book for book in books if book.is_changed]
    for book in changed:
        book.seal()
    _INSERT_TRANSFER.run(tx, [row for book in changed for row in book.transfers])
    _INSERT_NOTE.run(tx, [row for book in changed for row in book.notes])
    new = [_lot_row(book, lot) for book in changed for lot in book.new_lots.values()]
    _INSERT_LOT.run(tx, new)
    _UPDATE_LOT.run(tx, [row for book in changed for row in _lot_changes(book)])
    _INSERT_DRAW.run(tx, [row for book in changed for row in book.draws])
    _UPDATE_WALLET.run(tx, [_wallet_change(book) for book in changed])
    _tell(tx, changed)


def _tell(tx: Connection, books: Sequence[Book]) -> None:
    """Record what is told of the movements: what happened to points by itself."""
    told = [
        (book.wallet.member_id, row)
        for book in books
        for row in book.transfers
        if row["kind"] in events.TOPICS
    ]
    if told:
        at = told[0][1]["recorded_at"]
        record(tx, [events.of_transfer(member_id, row) for member_id, row in told], now=at)


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
        "new_idle_at": wallet.idle_at,
        "new_idled_at": wallet.idled_at,
    }


def load_lots(tx: Connection, book: Book, ids: Sequence[str], now: datetime) -> None:
    """Add lots to a book that are needed although they are empty (to give points back).

    When one of them has expired by `now`, the book learns until when points live on instead.
    """
    lots = queries.list_lots(tx, [lot_id for lot_id in ids if lot_id not in book.lots])
    book.lots.update({lot.id: lot for lot in lots})
    if any(book.has_lapsed(book.lots[lot_id], now) for lot_id in ids):
        programme = get_programme(tx)
        book.grace_until = grace_end(now, programme.policies.grace_lot_days, programme.zone)


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
