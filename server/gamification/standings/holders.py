"""Members with where they stand and what they have to show, read for many at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, select

from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.facts.queries import facts_of
from server.gamification.facts.types import Facts
from server.gamification.members.models import MEMBER
from server.gamification.standings.climbing import load_days
from server.gamification.standings.models import MEMBER_TIER
from server.gamification.standings.queries import standing_of
from server.gamification.tiers.types import Ladder, Standing

_HOLDERS = (
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


@dataclass(slots=True)
class Holder:
    """A member with a standing, as reviews see them."""

    member_id: str
    facts: Facts
    standing: Standing
    joined_at: datetime
    days: list[tuple[date, int]] = field(default_factory=list)


def load_holders(
    tx: Connection, ladder: Ladder, member_ids: Sequence[str], today: date
) -> list[Holder]:
    """Return members by id, with the days that decisions up to `today` look at."""
    found = [
        Holder(row.id, facts_of(row.id, row), standing_of(row), row.created_at)
        for row in tx.execute(_HOLDERS, {"member_ids": list(member_ids)})
    ]
    load_days(tx, found, ladder, today)
    return found
