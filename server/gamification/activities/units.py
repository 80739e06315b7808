"""What an activity earns in other units than points: stars of any kind.

The trace keeps each unit as a part of the same shape as the points', so that returns walk both
alike.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.core.clock import rfc3339
from server.gamification.activities import trace
from server.gamification.earning.types import Earnings
from server.gamification.ledger.book import Book
from server.gamification.ledger.service import open_book
from server.gamification.ledger.types import Term
from server.gamification.points.rules import Terms


class UnitBooks(dict[tuple[str, str], Book]):
    """Books by member and unit, opened when first asked for: after the points' wallets, which
    are locked already and so keep others away from the member.
    """

    def __init__(self, tx: Connection, now: datetime) -> None:
        super().__init__()
        self._tx, self._now = tx, now

    def __missing__(self, key: tuple[str, str]) -> Book:
        self[key] = open_book(self._tx, *key, self._now)
        return self[key]


def unit_parts(
    others: Mapping[str, Earnings], terms: Terms, accrue: Callable[[str, int], str | None]
) -> dict[str, Any]:
    """Return what the trace keeps of each unit that a rule spoke of.

    `accrue(unit, amount)` gives the stars and returns the transfer, None for a quote.
    """
    parts = {
        unit: _part(earned, terms.of(unit), accrue(unit, earned.points) if earned.points else None)
        for unit, earned in others.items()
        if earned.accruals or earned.not_applied
    }
    return {"units": parts} if parts else {}


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
