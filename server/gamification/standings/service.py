"""Writing down where members stand, what counted on which day, and what they were told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, insert
from sqlalchemy.dialects import postgresql, sqlite

from server.core.ids import new_id
from server.core.outbox import Event
from server.core.statements import Prepared
from server.gamification.standings import events
from server.gamification.standings.models import (
    MEMBER_TIER,
    QUALIFYING_DAY,
    TIER_CHANGE,
    TIER_NOTICE,
)
from server.gamification.tiers.types import Kind, Review, Standing

NOTICE_DAYS = (30, 7)
"""How many days before a tier ends its member is told."""

_HISTORY = (*events.TOLD, Kind.ASSIGNED)
_COUNTS = ("points", "spend_minor", "visits")


def _upsert_standing(dialect: Any) -> Any:
    """Replace a standing; what was told of a date is kept while tier and date stay the same."""
    statement = dialect.insert(MEMBER_TIER)
    new = {name: statement.excluded[name] for name in Standing.__dataclass_fields__}
    same = [
        MEMBER_TIER.c[name].is_not_distinct_from(statement.excluded[name])
        for name in ("tier_id", "keep_until_on", "grace_until_on", "is_locked")
    ]
    risk = case((and_(*same), MEMBER_TIER.c.risk_on), else_=statement.excluded.risk_on)
    return statement.on_conflict_do_update(
        index_elements=["member_id"], set_=new | {"risk_on": risk}
    )


def _add_day(dialect: Any) -> Any:
    statement = dialect.insert(QUALIFYING_DAY)
    sums = {name: QUALIFYING_DAY.c[name] + statement.excluded[name] for name in _COUNTS}
    keys = ["member_id", "day_on"]
    return statement.on_conflict_do_update(index_elements=keys, set_=sums)


def _insert_notice(dialect: Any) -> Any:
    statement = dialect.insert(TIER_NOTICE).on_conflict_do_nothing()
    return statement.returning(*TIER_NOTICE.primary_key.columns)


_UPSERT_STANDING = Prepared(_upsert_standing(postgresql), sqlite=_upsert_standing(sqlite))
_ADD_DAY = Prepared(_add_day(postgresql), sqlite=_add_day(sqlite))
_INSERT_NOTICE = {"postgresql": _insert_notice(postgresql), "sqlite": _insert_notice(sqlite)}
_INSERT_CHANGE = Prepared(insert(TIER_CHANGE))


@dataclass(frozen=True, slots=True)
class TierMove:
    """A decision about a member's standing, what caused it, and when it took effect."""

    member_id: str
    review: Review
    ref_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TierNotice:
    """Something to be told once for this member, kind, tier and period."""

    member_id: str
    kind: str
    tier_id: str
    period_on: date
    event: Event

    @property
    def key(self) -> tuple[str, str, str, date]:
        """What makes it the same notice."""
        return self.member_id, self.kind, self.tier_id, self.period_on


Counts = tuple[int, int, int]
"""Points, money in minor units, and visits of one day."""


def save_moves(tx: Connection, moves: Sequence[TierMove], now: datetime) -> None:
    """Write standings and the history of moves on the ladder; each table with one statement.

    The caller holds the locks of the members' wallets and records the events of `events_of`.
    """
    rows = {move.member_id: _standing_row(move) for move in moves}
    _UPSERT_STANDING.run(tx, list(rows.values()))
    changes = [_change_row(move, now) for move in moves if move.review.kind in _HISTORY]
    _INSERT_CHANGE.run(tx, changes)


def events_of(moves: Iterable[TierMove]) -> list[Event]:
    """Return the events of moves on the ladder."""
    return [
        event
        for move in moves
        for event in events.of_review(move.member_id, move.review, move.ref_id)
    ]


def _standing_row(move: TierMove) -> dict[str, Any]:
    standing = move.review.standing
    row = {name: getattr(standing, name) for name in Standing.__dataclass_fields__}
    row |= {"member_id": move.member_id, "source": str(standing.source)}
    return row | {"risk_on": _first_notice(standing)}


def _first_notice(standing: Standing) -> date | None:
    """Return the day on which a member is told first that the tier ends, None if it does not."""
    if standing.keep_until_on is None or standing.grace_until_on or standing.is_locked:
        return None
    return standing.keep_until_on - timedelta(days=NOTICE_DAYS[0])


def _change_row(move: TierMove, now: datetime) -> dict[str, Any]:
    standing = move.review.standing
    return {
        "id": new_id("tch", now),
        "member_id": move.member_id,
        "from_id": move.review.from_id,
        "to_id": standing.tier_id,
        "source": str(standing.source),
        "ref_id": move.ref_id,
        "changed_at": move.at,
    }


def add_days(tx: Connection, days: Mapping[tuple[str, date], Counts]) -> None:
    """Add counts (negative after a return) to members' days."""
    rows = [
        {"member_id": member_id, "day_on": day} | dict(zip(_COUNTS, counts, strict=True))
        for (member_id, day), counts in sorted(days.items())
    ]
    _ADD_DAY.run(tx, rows)


def give_notices(tx: Connection, notices: Sequence[TierNotice]) -> list[Event]:
    """Note what is told and return the events of what had not been told before."""
    if not notices:
        return []
    by_key = {notice.key: notice for notice in notices}
    rows = [
        {"member_id": one.member_id, "kind": one.kind, "tier_id": one.tier_id}
        | {"period_on": one.period_on}
        for one in by_key.values()
    ]
    told = tx.execute(_INSERT_NOTICE[tx.dialect.name], rows)
    return [by_key[tuple(row)].event for row in told]
