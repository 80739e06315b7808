"""What an activity earns in other units than points: stars of any kind.

The trace keeps each unit as a part of the same shape as the points', so that returns walk both
alike.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.core.clock import rfc3339
from server.gamification.activities import trace
from server.gamification.activities.types import Configuration
from server.gamification.earning.types import Earnings
from server.gamification.ledger.book import Book
from server.gamification.ledger.service import open_books
from server.gamification.ledger.types import Cause, Term

Books = dict[str, dict[str, Book]]
"""Books by unit and member."""


def open_unit_books(
    tx: Connection, member_ids: Sequence[str], configuration: Configuration, now: datetime
) -> Books:
    """Lock the wallets of every unit that rules give, after those of the points."""
    return {unit: open_books(tx, member_ids, unit, now) for unit in configuration.unit_rules}


def accrue_units(
    books: Mapping[str, Book], others: Mapping[str, Earnings], cause: Cause, term: Term
) -> dict[str, Any]:
    """Give what was earned in each unit as one lot; return what the trace keeps of it.

    Nothing is kept of a unit that no rule spoke of.
    """
    parts = {
        unit: _accrue(books[unit], earnings, cause, term)
        for unit, earnings in others.items()
        if earnings.accruals or earnings.not_applied
    }
    return {"units": parts} if parts else {}


def planned_units(others: Mapping[str, Earnings], term: Term) -> dict[str, Any]:
    """Return what the trace would keep, for a quote."""
    parts = {
        unit: _part(earnings, term, None)
        for unit, earnings in others.items()
        if earnings.accruals or earnings.not_applied
    }
    return {"units": parts} if parts else {}


def _accrue(book: Book, earnings: Earnings, cause: Cause, term: Term) -> dict[str, Any]:
    given = book.accrue(earnings.points, cause, term) if earnings.points else None
    return _part(earnings, term, given)


def _part(earnings: Earnings, term: Term, transfer_id: str | None) -> dict[str, Any]:
    available_at = term.available_at if earnings.points else None
    expires_at = term.ends_at if earnings.points else None
    return {
        **trace.dump_earnings(earnings),
        "points": earnings.points,
        "transfer_id": transfer_id,
        "available_at": rfc3339(available_at) if available_at else None,
        "expires_at": rfc3339(expires_at) if expires_at else None,
    }
