"""What becomes of a standing, by itself or because of an activity: pure decisions.

A tier is earned by the score of a period and then safe until a date; when that is over it is
renewed, has a time of grace, or goes down. A purchase never takes a tier away, a return may.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from server.core.clock import local_date, start_of_day
from server.gamification.tiers import periods
from server.gamification.tiers.rules import (
    current_tier,
    earned_tier,
    higher,
    rank_of,
    source_of,
    step_below,
)
from server.gamification.tiers.types import (
    Downgrade,
    Entitlement,
    Kind,
    Ladder,
    Period,
    Review,
    Scheme,
    Source,
    Standing,
    Tally,
    Tier,
    WindowKind,
)

_DAY = timedelta(days=1)


def entitlement(
    ladder: Ladder, tally: Tally, day: date, grace_until_on: date | None = None
) -> Entitlement:
    """Return what the score earns on `day`; of two periods the one that gives more."""
    scheme, start = ladder.scheme, tally.joined_on
    if not periods.is_counting(scheme, day):
        return _by_membership(ladder, tally)
    found = [
        _by_period(ladder, tally, period, keep)
        for period, keep in periods.entitling_periods(scheme, day, start, grace_until_on)
    ]
    return max(found, key=lambda one: (rank_of(one.tier), one.keep_until_on or date.min))


def _by_membership(ladder: Ladder, tally: Tally) -> Entitlement:
    """What the whole membership earns; safe for a while if a window waits to be counted."""
    tier, scheme = earned_tier(ladder, tally.lifetime), ladder.scheme
    if scheme.counts_from_on is None or not scheme.is_windowed or tier == base_tier(ladder):
        return Entitlement(tier)
    return Entitlement(
        tier, periods.kept_as_reached(scheme, scheme.counts_from_on, tally.joined_on)
    )


def _by_period(ladder: Ladder, tally: Tally, period: Period, keep: date | None) -> Entitlement:
    tier = earned_tier(ladder, tally.within(period))
    if tier is None or tier == base_tier(ladder):
        return Entitlement(tier)
    if keep is None:
        keep = periods.safe_until(ladder.scheme, tally, period, tier.threshold)
    return Entitlement(tier, keep, period.first_on)


def base_tier(ladder: Ladder) -> Tier | None:
    """Return the tier that everybody has without doing anything."""
    return earned_tier(ladder, 0)


def settle(ladder: Ladder, standing: Standing, tally: Tally, today: date) -> Iterator[Review]:
    """Yield everything that has become due until `today`, in the order of its days."""
    while standing.review_on is not None and standing.review_on <= today:
        decided = review(ladder, standing, tally, standing.review_on)
        standing = decided.standing
        yield decided


def review(ladder: Ladder, standing: Standing, tally: Tally, day: date) -> Review:
    """Decide about a standing on its day of review: what is over first, then want of visits."""
    end = standing.grace_until_on or standing.keep_until_on
    if _is_over(standing.floor_until_on, day):
        return _without_floor(ladder, standing, tally, day)
    if standing.is_locked:
        return _kept(standing, day)
    if _is_over(end, day):
        return _at_the_end(ladder, standing, tally, day)
    if standing.idle_review_on is not None and standing.idle_review_on <= day:
        return _for_want_of_visits(ladder, standing, tally, day)
    return _anew(ladder, standing, tally, day)


def _is_over(last_on: date | None, day: date) -> bool:
    return last_on is not None and last_on < day


def _without_floor(ladder: Ladder, standing: Standing, tally: Tally, day: date) -> Review:
    """A tier given until a date is over; one earned above it stays.

    Only a lock kept the score from raising the tier. Who is below what the score earns without
    one has been idle, and a date does not raise idlers.
    """
    freed = replace(standing, floor_id=None, floor_until_on=None, is_locked=False, reason=None)
    if standing.tier_id != standing.floor_id and not standing.is_locked:
        return _kept(freed, day)
    due, current = entitlement(ladder, tally, day), current_tier(ladder, standing)
    if rank_of(due.tier) > rank_of(current) and not standing.is_locked:
        due, freed = replace(due, tier=current), replace(freed, source=Source.IDLE)
    return _moved(ladder, standing, _earned(ladder, freed, due, tally, day), day)


def _at_the_end(ladder: Ladder, standing: Standing, tally: Tally, day: date) -> Review:
    """The tier's last safe day is over: renewed, in grace, or down."""
    scheme, current = ladder.scheme, current_tier(ladder, standing)
    due = entitlement(ladder, tally, day, standing.grace_until_on)
    if rank_of(due.tier) >= rank_of(current):
        if standing.source is Source.IDLE:
            due = replace(due, tier=current)
        return _moved(ladder, standing, _earned(ladder, standing, due, tally, day), day)
    if scheme.grace_days and standing.grace_until_on is None and scheme.is_windowed:
        until = day - _DAY + timedelta(days=scheme.grace_days)
        return Review(
            Kind.GRACE, day, standing.tier_id, _dated(replace(standing, grace_until_on=until))
        )
    if scheme.downgrade is Downgrade.ONE_STEP:
        due = _one_step(ladder, current, due, tally, day)
    return _moved(ladder, standing, _earned(ladder, standing, due, tally, day), day)


def _one_step(
    ladder: Ladder, current: Tier | None, due: Entitlement, tally: Tally, day: date
) -> Entitlement:
    """One step below `current`, unless the score earns that or more; safe for one period."""
    below = step_below(ladder, current)
    if rank_of(below) <= rank_of(due.tier):
        return due
    if below == base_tier(ladder):
        return Entitlement(below)
    return Entitlement(below, periods.one_period_from(ladder.scheme, day, tally.joined_on))


def _for_want_of_visits(ladder: Ladder, standing: Standing, tally: Tally, day: date) -> Review:
    """No visit for so many months: one step down; a visit since puts the day off."""
    scheme = ladder.scheme
    last = tally.last_visit_on or tally.joined_on
    due_on = periods.idle_on(scheme, last)
    below = step_below(ladder, current_tier(ladder, standing))
    if due_on > day or below is None:
        next_on = due_on if due_on > day else None
        return _kept(replace(standing, idle_review_on=next_on), day)
    target = higher(below, ladder.get(standing.floor_id))
    source = source_of(target, standing.floor_id)
    is_given, is_base = source is not Source.EARNED, target == base_tier(ladder)
    fallen = replace(
        standing,
        source=source if is_given else Source.IDLE,
        keep_until_on=None if is_given or is_base else standing.keep_until_on,
        grace_until_on=None,
        idle_review_on=None if is_given or is_base else periods.idle_on(scheme, last, day),
    )
    return _moved(ladder, standing, _at(ladder, fallen, target, day), day)


def _anew(ladder: Ladder, standing: Standing, tally: Tally, day: date) -> Review:
    """The rules have changed: reckon the dates anew. A window takes nothing away at once."""
    scheme = ladder.scheme
    due = entitlement(ladder, tally, day)
    current = current_tier(ladder, standing)
    if scheme.is_windowed and rank_of(current) > rank_of(due.tier):
        counts_on = max(day, scheme.counts_from_on or day)
        is_base = current == base_tier(ladder)
        keep = None if is_base else periods.kept_as_reached(scheme, counts_on, tally.joined_on)
        due = Entitlement(current, keep)
    return _moved(ladder, standing, _earned(ladder, standing, due, tally, day), day)


def after_activity(
    ladder: Ladder, standing: Standing, tally: Tally, at: datetime, *, is_return: bool = False
) -> Review | None:
    """Return what a purchase (or a return) just counted in `tally` makes of a settled standing.

    None when nothing changes. An upgrade comes at once; a score that earns the tier anew renews
    it at once; only a return takes an earned tier away.
    """
    if standing.is_locked:
        return None
    scheme, day = ladder.scheme, local_date(at, ladder.scheme.zone)
    in_grace = standing.grace_until_on is not None
    if is_return and in_grace:
        return None
    due = entitlement(ladder, tally, day, standing.grace_until_on)
    current = current_tier(ladder, standing)
    due = _at_least_kept(ladder, standing, due, day, is_return=is_return)
    target = higher(due.tier, ladder.get(standing.floor_id))
    if target == current and not _has_new_date(scheme, standing, due, is_return=is_return):
        return None
    after = _earned(ladder, standing, due, tally, day, at)
    return _moved(ladder, standing, after, day) if after != standing else None


def _at_least_kept(
    ladder: Ladder, standing: Standing, due: Entitlement, day: date, *, is_return: bool
) -> Entitlement:
    """Let a purchase take nothing away, and a return neither give nor take what it cannot."""
    current = current_tier(ladder, standing)
    rank, due_rank = rank_of(current), rank_of(due.tier)
    held = Entitlement(current, standing.keep_until_on, standing.period_from_on)
    if is_return and standing.source is Source.IDLE:
        return held if due_rank > rank else due
    if due_rank >= rank or not periods.is_counting(ladder.scheme, day):
        return due
    is_by_score = standing.period_from_on is not None
    return due if is_return and is_by_score else held


def _has_new_date(scheme: Scheme, standing: Standing, due: Entitlement, *, is_return: bool) -> bool:
    """Tell whether the same tier is safe for longer (or after a return: until another day).

    In a rolling window every purchase moves the day; it is worked out when it is asked for, so
    only the end of a grace is written.
    """
    if due.tier is None or due.tier.id != standing.tier_id or due.keep_until_on is None:
        return False
    if is_return:
        return due.keep_until_on != standing.keep_until_on
    if standing.grace_until_on is None and scheme.window.kind is WindowKind.ROLLING:
        return False
    return standing.keep_until_on is None or due.keep_until_on > standing.keep_until_on


def _earned(
    ladder: Ladder,
    standing: Standing,
    due: Entitlement,
    tally: Tally,
    day: date,
    at: datetime | None = None,
) -> Standing:
    """Return the standing with the tier that is due, or with the higher one it was given."""
    floor = ladder.get(standing.floor_id)
    target = higher(due.tier, floor)
    source = source_of(target, standing.floor_id)
    is_idle = standing.source is Source.IDLE and target is not None
    if is_idle and target is not None and target.id == standing.tier_id:
        source = Source.IDLE
    is_given = source not in (Source.EARNED, Source.IDLE)
    held = replace(
        standing,
        source=source,
        keep_until_on=None if is_given else due.keep_until_on,
        period_from_on=None if is_given else due.period_from_on,
        grace_until_on=None,
        idle_review_on=_idle_date(ladder, standing, target, tally, day) if not is_given else None,
    )
    return _at(ladder, held, target, day, at)


def _idle_date(
    ladder: Ladder, standing: Standing, tier: Tier | None, tally: Tally, day: date
) -> date | None:
    """Return when want of visits is looked at: never in the lowest tier, else as planned."""
    scheme = ladder.scheme
    if not scheme.idle_months or step_below(ladder, tier) is None:
        return None
    if standing.idle_review_on is not None:
        return standing.idle_review_on
    return periods.idle_on(scheme, max(day, tally.last_visit_on or day))


def _at(
    ladder: Ladder, standing: Standing, tier: Tier | None, day: date, at: datetime | None = None
) -> Standing:
    """Return the standing at `tier`, since `day` if it was another."""
    tier_id = tier.id if tier else None
    if current_tier(ladder, standing) == tier:
        return _dated(replace(standing, tier_id=tier_id))
    since = at or start_of_day(day, ladder.scheme.zone)
    return _dated(replace(standing, tier_id=tier_id, since_at=since))


def _dated(standing: Standing) -> Standing:
    """Return the standing with the first day on which something may change by itself."""
    ends = [standing.floor_until_on]
    if not standing.is_locked:
        ends += [
            standing.grace_until_on or standing.keep_until_on,
            standing.idle_review_on and standing.idle_review_on - _DAY,
        ]
    days = [end + _DAY for end in ends if end is not None]
    return replace(standing, review_on=min(days, default=None))


def _kept(standing: Standing, day: date) -> Review:
    return Review(Kind.KEPT, day, standing.tier_id, _dated(standing))


def _moved(ladder: Ladder, before: Standing, after: Standing, day: date) -> Review:
    """Return the review with the kind that fits what has changed."""
    was, now = current_tier(ladder, before), current_tier(ladder, after)
    if rank_of(now) > rank_of(was):
        kind = Kind.UPGRADED
    elif rank_of(now) < rank_of(was):
        kind = Kind.DOWNGRADED
    else:
        kind = Kind.RENEWED if _is_renewal(ladder.scheme, before, after) else Kind.KEPT
    return Review(kind, day, was.id if was else None, after)


def _is_renewal(scheme: Scheme, before: Standing, after: Standing) -> bool:
    """Tell whether the same tier was earned again: out of grace, or for another period."""
    if after.keep_until_on is None or before.keep_until_on is None:
        return False
    if before.grace_until_on is not None:
        return True
    is_rolling = scheme.window.kind is WindowKind.ROLLING
    return not is_rolling and after.keep_until_on > before.keep_until_on


def assigned(ladder: Ladder, before: Standing, held: Standing, tier: Tier, at: datetime) -> Review:
    """Return the decision to give `tier` to a member; `held` says how it is held."""
    day = local_date(at, ladder.scheme.zone)
    held = replace(held, source=source_of(tier, tier.id))
    if held.since_at is None:
        held = replace(held, since_at=at)
    review = _moved(ladder, before, _at(ladder, held, tier, day, at), day)
    is_move = review.kind in (Kind.UPGRADED, Kind.DOWNGRADED)
    return review if is_move else replace(review, kind=Kind.ASSIGNED)


def released(ladder: Ladder, standing: Standing, tally: Tally, at: datetime, reason: str) -> Review:
    """Return the decision that the tier follows the score again, without lock and floor."""
    day = local_date(at, ladder.scheme.zone)
    freed = replace(
        standing,
        since_at=standing.since_at or at,
        floor_id=None,
        floor_until_on=None,
        is_locked=False,
        reason=reason,
    )
    due = entitlement(ladder, tally, day)
    return _moved(ladder, standing, _earned(ladder, freed, due, tally, day, at), day)


def safe_for_longer(ladder: Ladder, standing: Standing, tally: Tally, day: date) -> Review | None:
    """Return the standing with the exact last safe day, None if the one it has is exact.

    Purchases in a rolling window put that day off without writing it down.
    """
    due = entitlement(ladder, tally, day)
    if due.tier is None or due.tier.id != standing.tier_id or due.keep_until_on is None:
        return None
    if standing.keep_until_on is None or due.keep_until_on <= standing.keep_until_on:
        return None
    longer = replace(standing, keep_until_on=due.keep_until_on, period_from_on=due.period_from_on)
    return _kept(longer, day)
