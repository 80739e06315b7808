"""Members with where they stand and what they have to show, read for many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.core.clock import local_date
from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.facts.queries import facts_of
from server.gamification.members.models import MEMBER
from server.gamification.standings.models import MEMBER_TIER
from server.gamification.standings.queries import days_of, standing_of
from server.gamification.tiers.periods import first_day_read
from server.gamification.tiers.rules import score_of
from server.gamification.tiers.types import Ladder, Standing, Tally

_CLIMBERS = (
    select(
        MEMBER.c.id,
        MEMBER.c.created_at,
        *(column for column in MEMBER_FACTS.c if column.name != "member_id"),
        *(column for column in MEMBER_TIER.c if column.name != "member_id"),
    )
    .join(MEMBER_FACTS, MEMBER_FACTS.c.member_id == MEMBER.c.id, isouter=True)
    .join(MEMBER_TIER, MEMBER_TIER.c.member_id == MEMBER.c.id, isouter=True)
    .where(MEMBER.c.id.in_(bindparam("member_ids", expanding=True)))
    .order_by(MEMBER.c.id)
)


@dataclass(frozen=True, slots=True)
class Climber:
    """A member, where they stand, and what they have to show towards tiers."""

    member_id: str
    standing: Standing
    tally: Tally


def load_climbers(
    tx: Connection, ladder: Ladder, member_ids: Sequence[str], today: date
) -> list[Climber]:
    """Return members by id, with the days that decisions up to `today` look at."""
    rows = tx.execute(_CLIMBERS, {"member_ids": list(member_ids)})
    found = [_climber_of(row, ladder) for row in rows]
    if not ladder.scheme.is_windowed or not found:
        return found
    firsts = [_first_day(climber, ladder, today) for climber in found]
    days = days_of(tx, ladder, [climber.member_id for climber in found], min(firsts))
    for climber in found:
        climber.tally.days = days.get(climber.member_id, [])
    return found


def _climber_of(row: Any, ladder: Ladder) -> Climber:
    facts = facts_of(row.id, row)
    score = score_of(ladder.basis, facts.qualifying_points, facts.spend_minor, facts.visits)
    joined_on = local_date(row.created_at, ladder.scheme.zone)
    return Climber(row.id, standing_of(row), Tally(joined_on, score, facts.last_visit_on))


def _first_day(climber: Climber, ladder: Ladder, today: date) -> date:
    due_on = min(today, climber.standing.review_on or today)
    return first_day_read(ladder.scheme, due_on, climber.tally.joined_on)
