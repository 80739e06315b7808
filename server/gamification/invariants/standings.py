"""T1: everybody has the tier that their facts, an invitation or the staff give them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, or_, select

from server.core.walking import walk
from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.facts.queries import facts_of
from server.gamification.invariants.declaring import Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.programme.models import PROGRAMME
from server.gamification.tiers.models import MEMBER_TIER, TIER_CHANGE
from server.gamification.tiers.queries import get_ladder, standing_of
from server.gamification.tiers.rules import current_tier, score_of, tier_after
from server.gamification.tiers.types import Ladder, Source

_M = MEMBER_TIER.c
_STANDINGS = select(MEMBER_FACTS, *(column for column in _M if column.name != "member_id")).join(
    MEMBER_TIER, _M.member_id == MEMBER_FACTS.c.member_id, isouter=True
)
_arrived = (
    select(TIER_CHANGE.c.id)
    .where(
        TIER_CHANGE.c.member_id == _M.member_id,
        or_(TIER_CHANGE.c.to_id == _M.tier_id, _M.tier_id.is_(None)),
    )
    .exists()
)
_unrecorded = select(_M.member_id).where(~_arrived)


def _misplaced(tx: Connection, _setting: Setting) -> Iterable[str]:
    revision = tx.execute(select(PROGRAMME.c.revision)).scalar_one_or_none()
    if revision is None:
        return
    ladder = get_ladder(tx, str(revision))
    for row in walk(tx, _STANDINGS, [MEMBER_FACTS.c.member_id]):
        if not _is_right(ladder, row):
            yield row.member_id


def _is_right(ladder: Ladder, row: Any) -> bool:
    """Tell whether a member's tier follows; one set by hand holds until the score next moves."""
    standing, facts = standing_of(row), facts_of(row.member_id, row)
    current = current_tier(ladder, standing)
    if standing.source is not Source.EARNED and not standing.is_locked:
        return current is not None and current.id == standing.floor_id
    score = score_of(ladder.basis, facts.qualifying_points, facts.spend_minor, facts.visits)
    return tier_after(ladder, standing, score) == current


INVARIANTS = (
    Invariant("T1", "A member's tier follows from the facts.", _misplaced),
    in_sql("T1", "A member's tier is in its history.", _unrecorded),
)
