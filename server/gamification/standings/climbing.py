"""Members on the ladder: what counts for their tier, what has become due, what a purchase moves.

Whoever climbs brings facts, standing and days along; nothing is written here.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import Connection

from server.core.clock import local_date, start_of_day
from server.gamification.facts.rules import PurchaseFacts
from server.gamification.facts.types import Facts
from server.gamification.standings import events
from server.gamification.standings.queries import days_of
from server.gamification.standings.service import TierMove, TierNotice
from server.gamification.tiers.evaluation import after_activity, settle
from server.gamification.tiers.outlook import almost_reached, outlook, period_key, score_now
from server.gamification.tiers.periods import first_day_read
from server.gamification.tiers.rules import current_tier, next_tier, score_of
from server.gamification.tiers.types import Ladder, Outlook, Standing, Tally


class Climber(Protocol):
    """A member on the ladder; `days` are scores by day, read where a window is switched on."""

    member_id: str
    facts: Facts
    standing: Standing
    joined_at: datetime
    days: list[tuple[date, int]]


def load_days(tx: Connection, climbers: Collection[Climber], ladder: Ladder, today: date) -> None:
    """Read what counts by day; nothing is asked for while the whole membership counts."""
    if not ladder.scheme.is_windowed or not climbers:
        return
    first_on = min(_first_day(climber, ladder, today) for climber in climbers)
    found = days_of(tx, ladder, [climber.member_id for climber in climbers], first_on)
    for climber in climbers:
        climber.days = found.get(climber.member_id, [])


def _first_day(climber: Climber, ladder: Ladder, today: date) -> date:
    due_on = min(today, climber.standing.review_on or today)
    return first_day_read(ladder.scheme, due_on, _joined_on(climber, ladder))


def _joined_on(climber: Climber, ladder: Ladder) -> date:
    """Return the day from which a member's own periods are counted."""
    return local_date(climber.joined_at, ladder.scheme.zone)


def tally_of(climber: Climber, ladder: Ladder) -> Tally:
    """Return what a member has to show towards tiers, as counted so far."""
    facts = climber.facts
    lifetime = score_of(ladder.basis, facts.qualifying_points, facts.spend_minor, facts.visits)
    return Tally(_joined_on(climber, ladder), lifetime, facts.last_visit_on, climber.days)


def settle_tier(climber: Climber, ladder: Ladder, today: date) -> list[TierMove]:
    """Bring a standing up to date and return the moves that were due, each as of its own day.

    A tier past its date is not honoured, whether or not the nightly review has run.
    """
    if climber.standing.review_on is None or climber.standing.review_on > today:
        return []
    tally, moves = tally_of(climber, ladder), []
    for review in settle(ladder, climber.standing, tally, today):
        at = start_of_day(review.on, ladder.scheme.zone)
        moves.append(TierMove(climber.member_id, review, f"review:{review.on}", at))
        climber.standing = review.standing
    return moves


def count_day(climber: Climber, ladder: Ladder, bought: PurchaseFacts, day: date) -> None:
    """Count a purchase on its day, for the decisions that follow in this batch."""
    if ladder.scheme.is_windowed:
        counts = (bought.points, bought.spend_minor, int(bought.is_visit))
        climber.days.append((day, score_of(ladder.basis, *counts)))


def move_on(
    climber: Climber, ladder: Ladder, ref_id: str, now: datetime, *, is_return: bool = False
) -> TierMove | None:
    """Move a member by what was just counted; return the move, or None when nothing changes."""
    tally = tally_of(climber, ladder)
    found = after_activity(ladder, climber.standing, tally, now, is_return=is_return)
    if found is None:
        return None
    climber.standing = found.standing
    return TierMove(climber.member_id, found, ref_id, now)


def score_towards_next(climber: Climber, ladder: Ladder, today: date) -> int:
    """Return the score that counts for the next tier."""
    return score_now(ladder, tally_of(climber, ladder), today)


def next_ahead(climber: Climber, ladder: Ladder, today: date) -> tuple[str, int] | None:
    """Return the id of the next tier and how much is missing for it, or None at the top."""
    goal = next_tier(ladder, current_tier(ladder, climber.standing))
    if goal is None:
        return None
    return goal.id, max(0, goal.threshold - score_towards_next(climber, ladder, today))


def almost_notice(
    climber: Climber, ladder: Ladder, score_before: int, today: date
) -> TierNotice | None:
    """Return the notice that the next tier has just come near, or None."""
    tally = tally_of(climber, ladder)
    score = score_now(ladder, tally, today)
    goal = almost_reached(ladder, climber.standing, score_before, score)
    if goal is None:
        return None
    by_on = outlook(ladder, climber.standing, tally, today).by_on
    event = events.almost(climber.member_id, goal.id, goal.threshold - score, by_on)
    key = period_key(ladder, tally, today)
    return TierNotice(climber.member_id, "almost", goal.id, key, event)


def outlook_of(climber: Climber, ladder: Ladder, now: datetime) -> Outlook:
    """Return what a member (settled, with days read) needs to know about the tier."""
    today = local_date(now, ladder.scheme.zone)
    return outlook(ladder, climber.standing, tally_of(climber, ladder), today)


def look_up_tier(tx: Connection, climber: Climber, ladder: Ladder, now: datetime) -> Outlook:
    """Bring a standing up to date in memory and return the outlook; reads only."""
    today = local_date(now, ladder.scheme.zone)
    load_days(tx, [climber], ladder, today)
    settle_tier(climber, ladder, today)
    return outlook_of(climber, ladder, now)
