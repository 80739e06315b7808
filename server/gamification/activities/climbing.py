"""A shopper on the ladder: what counts for the tier, what has become due, what a purchase moves."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Connection

from server.core.clock import local_date
from server.gamification.activities.types import Shopper
from server.gamification.facts.rules import PurchaseFacts
from server.gamification.standings import events
from server.gamification.standings.queries import days_of
from server.gamification.standings.service import TierMove, TierNotice, moves_due
from server.gamification.tiers.evaluation import after_activity
from server.gamification.tiers.outlook import almost_reached, outlook, period_key, score_now
from server.gamification.tiers.periods import first_day_read
from server.gamification.tiers.rules import score_of
from server.gamification.tiers.types import Ladder, Outlook, Tally


def load_days(tx: Connection, shoppers: Collection[Shopper], ladder: Ladder, now: datetime) -> None:
    """Read what counts by day; nothing is asked for while the whole membership counts."""
    if not ladder.scheme.is_windowed or not shoppers:
        return
    today = local_date(now, ladder.scheme.zone)
    firsts = [
        first_day_read(ladder.scheme, min(today, s.standing.review_on or today), _joined(s, ladder))
        for s in shoppers
    ]
    found = days_of(tx, ladder, [shopper.member_id for shopper in shoppers], min(firsts))
    for shopper in shoppers:
        shopper.days = found.get(shopper.member_id, [])


def _joined(shopper: Shopper, ladder: Ladder) -> date:
    """Return the day from which a member's own periods are counted."""
    return local_date(shopper.joined_at, ladder.scheme.zone)


def tally_of(shopper: Shopper, ladder: Ladder) -> Tally:
    """Return what a shopper has to show towards tiers, as counted so far."""
    facts = shopper.facts
    lifetime = score_of(ladder.basis, facts.qualifying_points, facts.spend_minor, facts.visits)
    return Tally(_joined(shopper, ladder), lifetime, facts.last_visit_on, shopper.days)


def settle_tier(shopper: Shopper, ladder: Ladder, now: datetime) -> list[TierMove]:
    """Bring a shopper's standing up to date and return the moves that were due.

    A tier past its date is not honoured, whether or not the nightly review has run.
    """
    today = local_date(now, ladder.scheme.zone)
    if shopper.standing.review_on is None or shopper.standing.review_on > today:
        return []
    tally = tally_of(shopper, ladder)
    moves = moves_due(ladder, shopper.member_id, shopper.standing, tally, today)
    if moves:
        shopper.standing = moves[-1].review.standing
    return moves


def count_day(shopper: Shopper, ladder: Ladder, bought: PurchaseFacts, day: date) -> None:
    """Count a purchase on its day, for the decisions that follow in this batch."""
    if ladder.scheme.is_windowed:
        visits = int(bought.is_visit)
        shopper.days.append(
            (day, score_of(ladder.basis, bought.points, bought.spend_minor, visits))
        )


def move_on(
    shopper: Shopper, ladder: Ladder, ref_id: str, now: datetime, *, is_return: bool = False
) -> TierMove | None:
    """Move a shopper by what was just counted; return the move, or None when nothing changes."""
    tally = tally_of(shopper, ladder)
    found = after_activity(ladder, shopper.standing, tally, now, is_return=is_return)
    if found is None:
        return None
    shopper.standing = found.standing
    return TierMove(shopper.member_id, found, ref_id, now)


def score_of_shopper(shopper: Shopper, ladder: Ladder, now: datetime) -> int:
    """Return the score towards the next tier."""
    return score_now(ladder, tally_of(shopper, ladder), local_date(now, ladder.scheme.zone))


def almost_notice(
    shopper: Shopper, ladder: Ladder, score_before: int, now: datetime
) -> TierNotice | None:
    """Return the notice that the next tier has just come near, or None."""
    today = local_date(now, ladder.scheme.zone)
    tally = tally_of(shopper, ladder)
    score = score_now(ladder, tally, today)
    goal = almost_reached(ladder, shopper.standing, score_before, score)
    if goal is None:
        return None
    by_on = outlook(ladder, shopper.standing, tally, today).by_on
    event = events.almost(shopper.member_id, goal.id, goal.threshold - score, by_on)
    key = period_key(ladder, tally, today)
    return TierNotice(shopper.member_id, "almost", goal.id, key, event)


def outlook_of(shopper: Shopper, ladder: Ladder, now: datetime) -> Outlook:
    """Return what a shopper (settled, with days read) needs to know about the tier."""
    today = local_date(now, ladder.scheme.zone)
    return outlook(ladder, shopper.standing, tally_of(shopper, ladder), today)


def look_up_tier(tx: Connection, shopper: Shopper, ladder: Ladder, now: datetime) -> Outlook:
    """Bring a shopper's standing up to date in memory and return the outlook; reads only."""
    load_days(tx, [shopper], ladder, now)
    settle_tier(shopper, ladder, now)
    return outlook_of(shopper, ladder, now)
