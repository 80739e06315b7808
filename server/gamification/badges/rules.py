"""Which badges a member has earned, and which a return takes away: pure decisions."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.core.clock import end_of_day, local_date
from server.gamification.badges.types import (
    Badge,
    Due,
    Held,
    Level,
    Period,
    QuotaPeriod,
    Source,
)
from server.gamification.conditions.types import Subject

_BY_RULE = (Source.EARNED, Source.BACKFILL)


def period_key(period: Period, day: date) -> str:
    """Return under which key an award of `day` is held: empty, `2026`, or `2026-11`."""
    return {Period.YEAR: f"{day:%Y}", Period.MONTH: f"{day:%Y-%m}"}.get(period, "")


def period_keys(days: Iterable[date]) -> list[str]:
    """Return all keys under which awards of these days may be held."""
    return sorted({period_key(period, day) for day in days for period in Period})


def quota_day(per: QuotaPeriod, day: date) -> date:
    """Return the first day of the quota's period that contains `day`."""
    if per is QuotaPeriod.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if per is QuotaPeriod.MONTH else day


def expires_at(badge: Badge, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return until when a badge given now is held: to the end of the last day, None for good."""
    if not badge.days:
        return None
    return end_of_day(local_date(now, zone) + timedelta(days=badge.days), zone)


def is_held(held: Held, now: datetime) -> bool:
    """Tell whether the award has not run out."""
    return held.expires_at is None or held.expires_at > now


def due_awards(
    badges: Sequence[Badge],
    who: Subject,
    held: Collection[Held],
    now: datetime,
    others: Sequence[Badge] = (),
) -> list[Due]:
    """Return what a member has earned and does not hold, in the owner's order.

    Levels follow each other: the third is due only with the first two. A badge with prerequisites
    waits for all of them, also for those that become due now. What has run out was held: it is not
    due again in the same period. `others` are badges that are prerequisites only.
    """
    known = [*badges, *others]
    day = who.activity.day if who.activity is not None else who.today
    periods = {period: period_key(period, day) for period in Period}
    has = {(one.badge_id, one.level, one.period) for one in held}
    keys = {one.badge_id for one in held if is_held(one, now)}
    due: list[Due] = []
    waiting = list(badges)
    while waiting:
        names = {badge.key for badge in known if badge.id in keys}
        ready = {badge.id for badge in waiting if names.issuperset(badge.prerequisites)}
        found: list[Due] = []
        for badge in waiting:
            if badge.id in ready:
                found += _due_levels(badge, who, has, periods[badge.period])
        due += found
        keys |= {one.badge.id for one in found}
        waiting = [badge for badge in waiting if badge.id not in ready] if found else []
    order = {badge.id: at for at, badge in enumerate(badges)} if due else {}
    return sorted(due, key=lambda one: order[one.badge.id])


def missing_prerequisites(
    badge: Badge, held_ids: Collection[str], badges: Sequence[Badge]
) -> list[str]:
    """Return the keys of those prerequisites that a member does not hold."""
    held_keys = {one.key for one in badges if one.id in held_ids}
    return [key for key in badge.prerequisites if key not in held_keys]


def _due_levels(
    badge: Badge, who: Subject, has: Collection[tuple[str, int, str]], period: str
) -> list[Due]:
    """Return the levels that are due, up to the first that is neither held nor earned."""
    due = []
    for level in badge.levels:
        if (badge.id, level.number, period) in has:
            continue
        if not level.holds(who):
            break
        due.append(Due(badge, level, period))
    return due


def lost_awards(
    badges: Sequence[Badge],
    held: Collection[Held],
    before: Subject,
    after: Subject,
    activity_id: str,
) -> list[Held]:
    """Return which awards a return of the activity takes away.

    The subject `after` has the activity as it is now, none when all of it came back. A level goes
    when its condition was true before the return and is not after it, or, if it speaks of an
    activity, when this one brought it and the condition does not hold of what is left. With a
    level go those above it. Whatever people or grants gave stays, and so do badges that are not
    revocable.
    """
    by_id = {badge.id: badge for badge in badges if badge.is_revocable}
    mine = [one for one in held if one.badge_id in by_id and one.source in _BY_RULE]
    lowest: dict[tuple[str, str], int] = {}
    for one in mine:
        level = _level_of(by_id[one.badge_id], one.level)
        if level is not None and _is_lost(
            level, before, after, is_cause=one.activity_id == activity_id
        ):
            key = (one.badge_id, one.period)
            lowest[key] = min(lowest.get(key, one.level), one.level)
    return [
        one
        for one in mine
        if (one.badge_id, one.period) in lowest and one.level >= lowest[one.badge_id, one.period]
    ]


def _is_lost(level: Level, before: Subject, after: Subject, *, is_cause: bool) -> bool:
    if level.of_activity:
        return is_cause and (after.activity is None or not level.holds(after))
    return level.holds(before) and not level.holds(after)


def _level_of(badge: Badge, number: int) -> Level | None:
    return badge.levels[number - 1] if number <= len(badge.levels) else None
