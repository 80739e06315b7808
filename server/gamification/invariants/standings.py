"""T1: everybody has the tier that their facts, an invitation or the staff give them."""

from collections.abc import Iterable
from datetime import date
from itertools import islice

from sqlalchemy import Connection, or_, select

from server.core.clock import local_date
from server.core.walking import walk
from server.gamification.activities.queries import list_shoppers
from server.gamification.activities.types import Shopper
from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.invariants.declaring import Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.programme.models import PROGRAMME
from server.gamification.standings.climbing import load_days, settle_tier, tally_of
from server.gamification.standings.models import MEMBER_TIER, TIER_CHANGE
from server.gamification.tiers.evaluation import entitlement
from server.gamification.tiers.periods import is_counting
from server.gamification.tiers.queries import get_ladder
from server.gamification.tiers.rules import current_tier, higher, rank_of
from server.gamification.tiers.types import Ladder, Source, Standing

_M = MEMBER_TIER.c
_MEMBERS = select(MEMBER_FACTS.c.member_id)
_GIVEN = (Source.INVITED, Source.MANUAL, Source.PAID)
_CHUNK = 500
_arrived = (
    select(TIER_CHANGE.c.id)
    .where(
        TIER_CHANGE.c.member_id == _M.member_id,
        or_(TIER_CHANGE.c.to_id == _M.tier_id, _M.tier_id.is_(None)),
    )
    .exists()
)
_unrecorded = select(_M.member_id).where(~_arrived)


def _misplaced(tx: Connection, setting: Setting) -> Iterable[str]:
    revision = tx.execute(select(PROGRAMME.c.revision)).scalar_one_or_none()
    if revision is None:
        return
    ladder = get_ladder(tx, str(revision))
    members = walk(tx, _MEMBERS, [MEMBER_FACTS.c.member_id])
    while ids := [row.member_id for row in islice(members, _CHUNK)]:
        shoppers = list_shoppers(tx, ids)
        today = local_date(setting.now, ladder.scheme.zone)
        load_days(tx, shoppers.values(), ladder, today)
        for member_id in ids:
            if not _is_right(ladder, shoppers[member_id], today):
                yield member_id


def _is_right(ladder: Ladder, shopper: Shopper, day: date) -> bool:
    """Tell whether a member's tier follows, once what is due by now is reviewed.

    One set by hand holds until the score next moves.
    """
    settle_tier(shopper, ladder, day)
    standing = shopper.standing
    current, floor = current_tier(ladder, standing), ladder.get(standing.floor_id)
    if standing.is_locked or standing.source in _GIVEN:
        return standing.is_locked or current == floor
    due = entitlement(ladder, tally_of(shopper, ladder), day, standing.grace_until_on)
    rank, due_rank = rank_of(current), rank_of(higher(due.tier, floor))
    if standing.source is Source.IDLE:
        return rank <= due_rank
    return rank >= due_rank if _is_kept(ladder, standing, day) else rank == due_rank


def _is_kept(ladder: Ladder, standing: Standing, day: date) -> bool:
    """Tell whether a tier is held until a date without a score: in grace, or from before."""
    is_unearned = standing.keep_until_on is not None and standing.period_from_on is None
    return is_counting(ladder.scheme, day) and (is_unearned or standing.grace_until_on is not None)


INVARIANTS = (
    Invariant("T1", "A member's tier follows from the facts.", _misplaced),
    in_sql("T1", "A member's tier is in its history.", _unrecorded),
)
