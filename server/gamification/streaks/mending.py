"""Working runs out anew: after late reports, which fill the past, and returns, which open it.

This reads the periods of a member in one streak and is not on the way of an ordinary purchase.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, bindparam, delete, update

from server.gamification.facts.matching import match
from server.gamification.facts.types import Returning
from server.gamification.grants.service import take_back as take_grant_back
from server.gamification.grants.types import Given
from server.gamification.streaks import rules
from server.gamification.streaks.models import STREAK_CONTRIBUTION, STREAK_GAP, STREAK_MILESTONE
from server.gamification.streaks.playing import REASON, Played, save_played
from server.gamification.streaks.queries import (
    find_run,
    get_history,
    get_streak,
    list_given,
    periods_of_activity,
)
from server.gamification.streaks.types import Calendar, GapKind, History, OnRefund, Run, Streak

_C, _G, _M = STREAK_CONTRIBUTION.c, STREAK_GAP.c, STREAK_MILESTONE.c
_DROP_CONTRIBUTION = delete(STREAK_CONTRIBUTION).where(
    _C.member_id == bindparam("of_member"),
    _C.streak_id == bindparam("of_streak"),
    _C.period_on == bindparam("of_period"),
    _C.activity_id == bindparam("of_activity"),
)
_DROP_GAP = delete(STREAK_GAP).where(
    _G.member_id == bindparam("of_member"),
    _G.streak_id == bindparam("of_streak"),
    _G.period_on == bindparam("of_period"),
)
_TAKE = (
    update(STREAK_MILESTONE)
    .where(_M.id == bindparam("milestone_id"), _M.state == "given")
    .values(state="taken", taken_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Setback:
    """What a return did to one run: how it is now, and the grants that were taken back."""

    streak: Streak
    run: Run
    taken: tuple[Given, ...]


def mend(tx: Connection, played: Played, calendar: Calendar) -> None:
    """Fill the past with what was reported late; what it reaches is added to `played.gifts`."""
    late, played.late = played.late, []
    for streak, member_id, period_on in late:
        _fill(tx, played, (streak, member_id, period_on), calendar)


def _fill(
    tx: Connection, played: Played, late: tuple[Streak, str, date], calendar: Calendar
) -> None:
    streak, member_id, period_on = late
    run = find_run(tx, member_id, streak.id)
    assert run is not None  # it was saved with the contribution
    stored = get_history(tx, run.key)
    run = _unfreeze(tx, streak, run, period_on, stored.gaps)
    gaps = {on: kind for on, kind in stored.gaps.items() if on != period_on}
    after = History(stored.counted, gaps)
    before = History(stored.counted - {period_on}, stored.gaps)
    mended = rules.rebuild(streak, run, after, calendar)
    mended = replace(mended, peak=max(run.peak, mended.current) if mended.current else 0)
    then = Played(played.now)
    then.runs[mended.key] = mended
    for level, change in _changes(streak, before, after, calendar).items():
        given = sum(row.level == level for row in list_given(tx, run.key))
        due = rules.count_levels(streak, rules.runs_in(streak, after, calendar))[level]
        if change > 0 and given < due:
            reached = rules.levels(streak, level)[level]
            then.reach(streak, mended, reached, (period_on, None))
    save_played(tx, then)
    played.runs[mended.key] = mended
    played.gifts += then.gifts


def _unfreeze(
    tx: Connection, streak: Streak, run: Run, period_on: date, gaps: Mapping[date, GapKind]
) -> Run:
    """Give the freeze back that a period used which counts by itself."""
    kind = gaps.get(period_on)
    if kind is None:
        return run
    tx.execute(_DROP_GAP, _where(run, period_on))
    if kind is not GapKind.FROZEN:
        return run
    return replace(run, freezes=min(run.freezes + 1, max(run.freezes, streak.freezes.most)))


def take_back_activity(tx: Connection, returning: Returning, calendar: Calendar) -> list[Setback]:
    """Take back what an activity did to streaks, if what is left of it does not count any more.

    Repeating it changes nothing more. The caller holds the lock of the member's points wallet and
    has no book of it open: grants that are taken back open it.
    """
    found = periods_of_activity(tx, returning.activity_id)
    setbacks = [_set_back(tx, where, returning, calendar) for where in found]
    return [setback for setback in setbacks if setback is not None]


def _set_back(
    tx: Connection, where: tuple[str, str, date], returning: Returning, calendar: Calendar
) -> Setback | None:
    member_id, streak_id, period_on = where
    streak, run = get_streak(tx, streak_id), find_run(tx, member_id, streak_id)
    assert run is not None  # a contribution has a run
    left = returning.left
    if left is not None and match(streak.filter, left, calendar.zone) is not None:
        return None
    before = get_history(tx, run.key)
    dropped = _where(run, period_on) | {"of_activity": returning.activity_id}
    tx.execute(_DROP_CONTRIBUTION, dropped)
    after = get_history(tx, run.key)
    if period_on in after.counted:
        return Setback(streak, run, ())
    return _open(tx, streak, run, (before, after, period_on), returning, calendar)


def _open(
    tx: Connection,
    streak: Streak,
    run: Run,
    change: tuple[History, History, date],
    returning: Returning,
    calendar: Calendar,
) -> Setback:
    """Work a run out anew whose period does not count any more; a freeze may close the hole."""
    before, after, period_on = change
    played = Played(returning.now)
    if _is_inside(run, period_on) and run.freezes:
        run = replace(run, freezes=run.freezes - 1)
        after = History(after.counted, {**after.gaps, period_on: GapKind.FROZEN})
        played.note_gaps(run, {period_on: GapKind.FROZEN})
    mended = rules.rebuild(streak, run, after, calendar)
    is_kept = streak.on_refund is OnRefund.KEEP
    peak = run.peak if is_kept and mended.current else mended.current
    mended = replace(mended, peak=max(peak, mended.current))
    played.runs[mended.key] = mended
    save_played(tx, played)
    if is_kept:
        return Setback(streak, mended, ())
    lost = _changes(streak, before, after, calendar)
    due = rules.count_levels(streak, rules.runs_in(streak, after, calendar))
    return Setback(streak, mended, _take(tx, mended, due, lost, returning))


def _is_inside(run: Run, period_on: date) -> bool:
    """Tell whether a period lies in the present run with something of it after it."""
    if run.run_from_on is None or run.last_on is None or not run.current:
        return False
    return run.run_from_on < period_on < run.last_on


def _changes(streak: Streak, before: History, after: History, calendar: Calendar) -> dict[int, int]:
    counts = [
        rules.count_levels(streak, rules.runs_in(streak, history, calendar))
        for history in (before, after)
    ]
    return rules.differences(*counts)


def _take(
    tx: Connection,
    run: Run,
    due: Mapping[int, int],
    lost: Mapping[int, int],
    returning: Returning,
) -> tuple[Given, ...]:
    """Take back the latest of those milestones that fewer runs reach now; `due` are left."""
    taken: list[Given | None] = []
    for level, change in sorted(lost.items()):
        given = [row for row in list_given(tx, run.key) if row.level == level]
        most = min(-change, len(given) - due.get(level, 0))
        for row in given[: max(0, most)]:
            tx.execute(_TAKE, {"milestone_id": row.id, "at": returning.now})
            ref = (REASON, str(row.id))
            taken.append(take_grant_back(tx, run.member_id, ref, returning.actor, returning.now))
    return tuple(given for given in taken if given is not None)


def _where(run: Run, period_on: date) -> dict[str, object]:
    return {"of_member": run.member_id, "of_streak": run.streak_id, "of_period": period_on}
