"""What a member sees coming: deadlines, what is needed to stay, and a tier that is near: pure."""

from dataclasses import replace
from datetime import date, timedelta

from server.gamification.tiers import periods
from server.gamification.tiers.rules import current_tier, next_tier
from server.gamification.tiers.types import (
    Ladder,
    Outlook,
    Scheme,
    Standing,
    Tally,
    Tier,
    WindowKind,
)

_DAY = timedelta(days=1)


def outlook(ladder: Ladder, standing: Standing, tally: Tally, day: date) -> Outlook:
    """Return what a member with a settled standing needs to know on `day`."""
    scheme = ladder.scheme
    if not periods.is_counting(scheme, day):
        return Outlook(max(0, tally.lifetime), None, standing.keep_until_on)
    period, _ = periods.entitling_periods(scheme, day, tally.joined_on)[0]
    is_rolling = scheme.window.kind is WindowKind.ROLLING
    by_on, score = None if is_rolling else period.last_on, tally.within(period)
    if standing.keep_until_on is None or standing.is_locked:
        return Outlook(score, by_on)
    keep_on = standing.grace_until_on or standing.keep_until_on
    tier = current_tier(ladder, standing)
    if is_rolling and tier is not None and score >= tier.threshold > 0:
        keep_on = periods.safe_until(scheme, tally, period, tier.threshold)
    return Outlook(
        score,
        by_on,
        keep_on,
        score_on(scheme, tally, keep_on + _DAY, standing.grace_until_on),
        is_grace=standing.grace_until_on is not None,
    )


def score_on(scheme: Scheme, tally: Tally, day: date, grace_until_on: date | None = None) -> int:
    """Return the score that decides about a tier on `day`, of two periods the better one."""
    counting = periods.entitling_periods(scheme, day, tally.joined_on, grace_until_on)
    return max(tally.within(period) for period, _ in counting)


def score_now(ladder: Ladder, tally: Tally, day: date) -> int:
    """Return the score towards the next tier: of the membership, or of the current period."""
    if not periods.is_counting(ladder.scheme, day):
        return max(0, tally.lifetime)
    return tally.within(periods.entitling_periods(ladder.scheme, day, tally.joined_on)[0][0])


def is_almost(ladder: Ladder, tier: Tier | None, score: int) -> bool:
    """Tell whether at most the scheme's share of a tier's threshold is missing."""
    if tier is None or not ladder.scheme.almost_pct:
        return False
    missing = tier.threshold - score
    return missing > 0 and missing * 100 <= tier.threshold * ladder.scheme.almost_pct


def almost_reached(ladder: Ladder, standing: Standing, before: int, after: int) -> Tier | None:
    """Return the next tier if a score has just come close to it, else None."""
    if standing.is_locked:
        return None
    goal = next_tier(ladder, current_tier(ladder, standing))
    is_new = is_almost(ladder, goal, after) and not is_almost(ladder, goal, before)
    return goal if is_new else None


def period_key(ladder: Ladder, tally: Tally, day: date) -> date:
    """Return the date that tells periods apart, so that a notice is given once in each.

    The first day of a period; a rolling window is cut into periods from the start on. The whole
    membership is one period.
    """
    window = ladder.scheme.window
    if window.kind is WindowKind.LIFETIME:
        return tally.joined_on
    if window.kind is WindowKind.ROLLING:
        window = replace(window, kind=WindowKind.SINCE_START)
    return periods.period_of(window, day, tally.joined_on).first_on
