"""Confirming a purchase whose points wait for it: the goods have arrived."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from server.core.clock import rfc3339
from server.gamification.activities import queries
from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.trace import parts_of
from server.gamification.activities.types import Recording, State
from server.gamification.confirmations.errors import ConfirmationLate, NotAwaited, TransactionClosed
from server.gamification.ledger.book import Book
from server.gamification.ledger.service import open_book, save_book
from server.gamification.ledger.types import Cause, Wallet
from server.gamification.programme.types import POINTS
from server.gamification.returns.goods import FINAL

_CONFIRM = (
    update(ACTIVITY)
    .where(ACTIVITY.c.id == bindparam("activity_id"))
    .values(
        state=bindparam("new_state"),
        trace=bindparam("new_trace", type_=ACTIVITY.c.trace.type),
        confirmed_at=bindparam("new_confirmed_at"),
    )
)
_OVERDUE = (
    select(ACTIVITY.c.id)
    .where(
        ACTIVITY.c.confirm_by_at <= bindparam("now"),
        ACTIVITY.c.confirmed_at.is_(None),
        ACTIVITY.c.state.in_([str(State.PENDING), str(State.PARTLY_RETURNED)]),
    )
    .order_by(ACTIVITY.c.confirm_by_at, ACTIVITY.c.id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A confirmed purchase as stored, the wallet after it, and whether it was confirmed before.

    `others` are the wallets of other units of which it had given something.
    """

    row: Any
    wallet: Wallet
    is_repeated: bool
    others: tuple[Wallet, ...] = ()


def confirm_purchase(tx: Connection, activity_id: str, recording: Recording) -> Confirmed:
    """Make the pending points of a purchase available; confirmed again it has the same answer.

    Raise `NotFound`, `NotAwaited`, `TransactionClosed` when it came back meanwhile, or
    `ConfirmationLate` when its time is over, whether or not it was cancelled yet.
    """
    now = recording.now
    book = open_book(tx, queries.get_purchase(tx, activity_id).member_id, POINTS, now)
    row = queries.get_purchase(tx, activity_id)
    if row.confirmed_at is not None:
        save_book(tx, book)
        return Confirmed(row, book.wallet, is_repeated=True)
    if row.confirm_by_at is None:
        raise NotAwaited
    if row.state in FINAL:
        raise TransactionClosed(state=row.state)
    if row.confirm_by_at <= now:
        raise ConfirmationLate(confirm_by=rfc3339(row.confirm_by_at))
    others = _confirm_parts(tx, row, book, recording)
    change = {
        "activity_id": row.id,
        "new_state": str(State.SETTLED if row.state == State.PENDING else row.state),
        "new_trace": _dated(row.trace, rfc3339(now)),
        "new_confirmed_at": now,
    }
    tx.execute(_CONFIRM, change)
    confirmed = queries.get_purchase(tx, activity_id)
    return Confirmed(confirmed, book.wallet, is_repeated=False, others=others)


def _confirm_parts(
    tx: Connection, row: Any, book: Book, recording: Recording
) -> tuple[Wallet, ...]:
    """Make available what a purchase gave in every unit; return the wallets besides points."""
    cause = Cause("activity", row.id, recording.actor, recording.now, recording.now)
    others = []
    for unit, part in parts_of(row.trace).items():
        unit_book = book if unit == POINTS else open_book(tx, row.member_id, unit, recording.now)
        _confirm_lots(unit_book, part["transfer_id"], cause)
        save_book(tx, unit_book)
        if unit != POINTS:
            others.append(unit_book.wallet)
    return tuple(others)


def _confirm_lots(book: Book, transfer_id: str | None, cause: Cause) -> None:
    """Make available what an accrual gave and nobody has taken back."""
    own = (lot for lot in book.lots.values() if lot.source_transfer_id == transfer_id)
    book.confirm([lot for lot in own if lot.is_pending and lot.remaining], cause)


def _dated(trace: dict[str, Any], at: str) -> dict[str, Any]:
    """Return the trace with the instant at which what it gave became available, in all units."""
    units = {unit: part | {"available_at": at} for unit, part in trace.get("units", {}).items()}
    return trace | {"available_at": at} | ({"units": units} if units else {})


def list_unconfirmed(tx: Connection, now: datetime, limit: int) -> list[str]:
    """Return the ids of up to `limit` purchases that were not confirmed in time."""
    return list(tx.execute(_OVERDUE, {"now": now, "limit": limit}).scalars())
