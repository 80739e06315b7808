"""How streaks grow, hold and break: pure.

Periods are those of the member's calendar as it was when an activity was recorded: a later change
of zone moves no old day. Only calendar dates are compared, so that days of 23 or 25 hours do not
matter.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from server.gamification.facts.matching import is_closed, match
from server.gamification.facts.types import ActivityFact
from server.gamification.streaks.types import (
    Advance,
    Bridge,
    Calendar,
    GapKind,
    History,
    PeriodKind,
    Reached,
    Run,
    Streak,
)

DAY = timedelta(days=1)
SAME_DAY = timedelta(hours=23)
"""Two days with one between them are further apart than this in any one zone: the shortest day has
23 hours. Whoever is there sooner has flown over the day between."""


def period_of(day: date, kind: PeriodKind) -> date:
    """Return the first day of the period that a day lies in."""
    if kind is PeriodKind.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if kind is PeriodKind.MONTH else day


def following(period_on: date, kind: PeriodKind) -> date:
    """Return the first day of the next period."""
    if kind is PeriodKind.MONTH:
        return (period_on + timedelta(days=31)).replace(day=1)
    return period_on + timedelta(days=7 if kind is PeriodKind.WEEK else 1)


def previous(period_on: date, kind: PeriodKind) -> date:
    """Return the first day of the period before."""
    return period_of(period_on - DAY, kind)


def last_day(period_on: date, kind: PeriodKind) -> date:
    """Return the last day of a period."""
    return following(period_on, kind) - DAY


def is_closed_period(period_on: date, kind: PeriodKind, calendar: Calendar) -> bool:
    """Tell whether the shop is closed on every day of a period."""
    closed = calendar.closed
    if not closed.weekdays and not closed.dates:
        return False
    until, day = following(period_on, kind), period_on
    while day < until:
        if not is_closed(day, closed.weekdays, closed.dates):
            return False
        day += DAY
    return True


def between(first_on: date, until_on: date, kind: PeriodKind) -> Iterator[date]:
    """Yield the periods after the one and before the other."""
    period_on = following(first_on, kind)
    while period_on < until_on:
        yield period_on
        period_on = following(period_on, kind)


def bridge(
    streak: Streak, run: Run, until_on: date, calendar: Calendar, at: datetime | None = None
) -> Bridge:
    """Return how the periods since what is known of a run are got over, up to `until_on`.

    Closed periods need nothing, each missed one uses a freeze, in the order of time; without one
    the run is broken. `at` is the instant of the activity that ends the gap.
    """
    known = run.known_until
    if known is None or not run.current:
        return Bridge(is_broken=True)
    if at is not None and _is_flown_over(streak, run, until_on, at):
        return Bridge(skipped=(until_on - DAY,))
    frozen: list[date] = []
    for period_on in between(known, until_on, streak.period):
        if is_closed_period(period_on, streak.period, calendar):
            continue
        if len(frozen) == run.freezes:
            return Bridge(tuple(frozen), is_broken=True)
        frozen.append(period_on)
    return Bridge(tuple(frozen))


def _is_flown_over(streak: Streak, run: Run, until_on: date, at: datetime) -> bool:
    """Tell whether the one missed day never came for the member, who flew east."""
    if streak.period is not PeriodKind.DAY or run.last_at is None or run.last_on is None:
        return False
    is_one_missed = until_on - run.last_on == 2 * DAY and run.known_until == run.last_on
    return is_one_missed and timedelta() <= at - run.last_at <= SAME_DAY


def advance(
    streak: Streak, run: Run | None, fact: ActivityFact, calendar: Calendar
) -> Advance | None:
    """Return what an activity does to a run, None when it does not count."""
    if match(streak.filter, fact, calendar.zone) is None:
        return None
    before = run or begin(streak, fact.member_id)
    period_on = period_of(fact.member_day, streak.period)
    if period_on == before.last_on:
        last_at = max(before.last_at or fact.occurred_at, fact.occurred_at)
        return Advance(replace(before, last_at=last_at), period_on)
    if before.known_until is not None and period_on <= before.known_until:
        return Advance(before, period_on, is_late=True)
    return _step(streak, before, (period_on, fact.occurred_at), calendar)


def begin(streak: Streak, member_id: str) -> Run:
    """Return the run of a member who has done nothing yet."""
    return Run(member_id, streak.id, freezes=streak.freezes.start)


def _step(streak: Streak, run: Run, to: tuple[date, datetime], calendar: Calendar) -> Advance:
    """Step into a new period, over whatever lies between."""
    period_on, at = to
    over = bridge(streak, run, period_on, calendar, at)
    current = 1 if over.is_broken else run.current + 1
    peak = 0 if over.is_broken else run.peak
    moved = replace(
        run,
        current=current,
        best=max(run.best, current),
        peak=max(peak, current),
        freezes=run.freezes - len(over.frozen),
        run_from_on=period_on if over.is_broken else run.run_from_on,
        last_on=period_on,
        settled_on=None,
        last_at=at,
    )
    reached = reached_between(streak, peak, current)
    return Advance(moved, period_on, gaps_of(over), reached)


def gaps_of(over: Bridge) -> Mapping[date, GapKind]:
    """Return the gaps of a bridge, to be stored."""
    frozen = dict.fromkeys(over.frozen, GapKind.FROZEN)
    return frozen | dict.fromkeys(over.skipped, GapKind.SKIPPED)


def settle(streak: Streak, run: Run, today: date, calendar: Calendar) -> tuple[Run, Bridge]:
    """Return a run as it stands on a day of the member, before anything is done on it.

    Periods that are over used their freezes or broke the run; the present one may still be done.
    """
    present = period_of(today, streak.period)
    known = run.known_until
    if known is None or following(known, streak.period) >= present or not run.current:
        return run, Bridge()
    over = bridge(streak, run, present, calendar)
    settled_on = previous(present, streak.period)
    moved = replace(run, freezes=run.freezes - len(over.frozen), settled_on=settled_on)
    return (replace(moved, current=0, peak=0) if over.is_broken else moved), over


def levels(streak: Streak, length: int) -> dict[int, Reached]:
    """Return the milestones of a run of this length, by level; several may share one."""
    found: dict[int, Reached] = {}
    for milestone in streak.milestones:
        stop = length if milestone.repeats else min(length, milestone.at)
        for level in range(milestone.at, stop + 1, milestone.at):
            benefits = found[level].benefits if level in found else ()
            found[level] = Reached(level, (*benefits, *milestone.benefits))
    return found


def reached_between(streak: Streak, before: int, after: int) -> tuple[Reached, ...]:
    """Return the milestones that lie above one length and not above the other."""
    found = levels(streak, after)
    return tuple(found[level] for level in sorted(found) if level > before)


def next_milestone(streak: Streak, length: int) -> Reached | None:
    """Return the next milestone above a length, None when there is none."""
    ahead = [
        (length // m.at + 1) * m.at if m.repeats else m.at
        for m in streak.milestones
        if m.repeats or m.at > length
    ]
    return levels(streak, min(ahead))[min(ahead)] if ahead else None


def rebuild(streak: Streak, run: Run, history: History, calendar: Calendar) -> Run:
    """Work a run out anew from what is stored; freezes stay as they are.

    With it later reports fill the past and returns open it: the run is what connects backwards
    from what is known last.
    """
    if not history.counted:
        return replace(run, current=0, peak=0, best=0, run_from_on=None, last_on=None, last_at=None)
    runs = runs_in(streak, history, calendar)
    length, run_from_on, last_on = runs[-1]
    start = run.settled_on if run.settled_on and run.settled_on > last_on else last_on
    until = following(start, streak.period)
    gap = between(last_on, until, streak.period)
    holds = all(_is_bridged(streak, period_on, history, calendar) for period_on in gap)
    return replace(
        run,
        current=length if holds else 0,
        best=max(length for length, _, _ in runs),
        run_from_on=run_from_on,
        last_on=last_on,
        last_at=run.last_at if run.last_on == last_on else None,
        settled_on=start if start > last_on else None,
    )


def runs_in(streak: Streak, history: History, calendar: Calendar) -> list[tuple[int, date, date]]:
    """Return all runs as length, first and last period, the oldest first."""
    runs: list[tuple[int, date, date]] = []
    for period_on in sorted(history.counted):
        if runs and _connects(streak, (runs[-1][2], period_on), history, calendar):
            length, first_on, _ = runs[-1]
            runs[-1] = (length + 1, first_on, period_on)
        else:
            runs.append((1, period_on, period_on))
    return runs


def _connects(
    streak: Streak, ends: tuple[date, date], history: History, calendar: Calendar
) -> bool:
    gap = between(*ends, streak.period)
    return all(_is_bridged(streak, period_on, history, calendar) for period_on in gap)


def _is_bridged(streak: Streak, period_on: date, history: History, calendar: Calendar) -> bool:
    return period_on in history.gaps or is_closed_period(period_on, streak.period, calendar)


def count_levels(streak: Streak, runs: Sequence[tuple[int, date, date]]) -> dict[int, int]:
    """Return how many of the runs reached each milestone."""
    found: dict[int, int] = {}
    for length, _, _ in runs:
        for level in levels(streak, length):
            found[level] = found.get(level, 0) + 1
    return found


def differences(before: Mapping[int, int], after: Mapping[int, int]) -> dict[int, int]:
    """Return by how much the count of each milestone changed, without those that did not."""
    names: Collection[int] = before.keys() | after.keys()
    changed = {name: after.get(name, 0) - before.get(name, 0) for name in names}
    return {name: change for name, change in changed.items() if change}
