"""Reading where members stand and what counts by day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    cast,
    extract,
    func,
    select,
)

from server.core.columns import Amount
from server.gamification.standings.models import MEMBER_TIER, QUALIFYING_DAY
from server.gamification.tiers.types import Basis, Ladder, Source, Standing, WindowKind

_BASES = {
    Basis.QUALIFYING_POINTS: QUALIFYING_DAY.c.points,
    Basis.SPEND: QUALIFYING_DAY.c.spend_minor,
    Basis.VISITS: QUALIFYING_DAY.c.visits,
}
_SINCE = and_(
    QUALIFYING_DAY.c.member_id.in_(bindparam("member_ids", expanding=True)),
    QUALIFYING_DAY.c.day_on >= bindparam("first_on"),
)
_YEAR, _MONTH = (extract(part, QUALIFYING_DAY.c.day_on) for part in ("year", "month"))


def _by_day(score: ColumnElement[int]) -> Select[Any]:
    return select(QUALIFYING_DAY.c.member_id, QUALIFYING_DAY.c.day_on, score).where(_SINCE)


def _by_month(score: ColumnElement[int]) -> Select[Any]:
    """Sum whole months; a month that counts only from some day on holds nothing before it."""
    first = func.min(QUALIFYING_DAY.c.day_on)
    months = select(QUALIFYING_DAY.c.member_id, first, cast(func.sum(score), Amount))
    return months.where(_SINCE).group_by(QUALIFYING_DAY.c.member_id, _YEAR, _MONTH)


_DAYS = {basis: _by_day(column) for basis, column in _BASES.items()}
_MONTHS = {basis: _by_month(column) for basis, column in _BASES.items()}
_STANDING = select(MEMBER_TIER).where(MEMBER_TIER.c.member_id == bindparam("member_id"))


def get_standing(tx: Connection, member_id: str) -> Standing:
    """Return where a member stands; a member without a row has no tier yet."""
    row = tx.execute(_STANDING, {"member_id": member_id}).first()
    return standing_of(row)


def standing_of(row: Any) -> Standing:
    """Turn a row with the columns of `member_tier` (or None) into a standing."""
    if row is None or row.since_at is None:
        return Standing(None, None, Source.EARNED)
    return Standing(
        row.tier_id,
        row.since_at,
        Source(row.source),
        bool(row.is_locked),
        row.floor_id,
        row.floor_until_on,
        row.keep_until_on,
        row.grace_until_on,
        row.period_from_on,
        row.idle_review_on,
        row.review_on,
        row.reason,
    )


def days_of(
    tx: Connection, ladder: Ladder, member_ids: Sequence[str], first_on: date
) -> dict[str, list[tuple[date, int]]]:
    """Return scores by day from `first_on` on, by member; for calendar windows sums by month.

    A month's sum stands at the first of its days that counts.
    """
    by_month = ladder.scheme.window.kind is WindowKind.CALENDAR
    statement = (_MONTHS if by_month else _DAYS)[ladder.basis]
    found: dict[str, list[tuple[date, int]]] = {}
    keys = {"member_ids": list(member_ids), "first_on": first_on}
    for row in tx.execute(statement, keys):
        found.setdefault(row[0], []).append((row[1], row[2]))
    return found
