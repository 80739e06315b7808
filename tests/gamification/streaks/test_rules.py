"""How streaks grow, hold and break: tables of the rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gamification.streaks import rules
from server.gamification.streaks.types import Advance, GapKind, History, PeriodKind
from tests.builders.games import TALLINN, a_streak, done, on_day, open_always

NEW_YORK, TOKYO, HONOLULU = (
    ZoneInfo(name) for name in ("America/New_York", "Asia/Tokyo", "Pacific/Honolulu")
)
ALWAYS = open_always()


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


def step(streak, run, fact, calendar=ALWAYS) -> Advance:
    """Let an activity count that does."""
    moved = rules.advance(streak, run, fact, calendar)
    assert moved is not None
    return moved


def walk(streak, facts, calendar=ALWAYS):
    """Return the run after these activities, the gaps got over, and the milestones reached."""
    gaps: dict[date, GapKind] = {}
    run, reached = None, []
    for fact in facts:
        moved = step(streak, run, fact, calendar)
        assert not moved.is_late
        run, gaps = moved.run, gaps | dict(moved.gaps)
        reached += [one.level for one in moved.reached]
    return run, gaps, reached


@pytest.mark.parametrize(
    ("period", "visited", "current", "best"),
    [
        ("day", ("2026-11-16",), 1, 1),
        ("day", ("2026-11-16", "2026-11-16", "2026-11-17"), 2, 2),
        ("day", ("2026-11-16", "2026-11-17", "2026-11-19"), 1, 2),
        ("day", ("2024-02-28", "2024-02-29", "2024-03-01"), 3, 3),
        ("day", ("2026-02-28", "2026-03-01"), 2, 2),
        ("day", ("2026-03-28", "2026-03-29", "2026-03-30"), 3, 3),
        ("day", ("2026-10-24", "2026-10-25", "2026-10-26"), 3, 3),
        ("day", ("2026-12-31", "2027-01-01"), 2, 2),
        ("week", ("2026-11-16", "2026-11-22", "2026-11-23"), 2, 2),
        ("week", ("2026-11-22", "2026-12-05"), 1, 1),
        ("week", ("2026-12-28", "2027-01-03", "2027-01-10"), 2, 2),
        ("month", ("2026-01-31", "2026-02-28", "2026-03-01"), 3, 3),
        ("month", ("2026-01-31", "2026-03-01"), 1, 1),
    ],
)
def test_how_long_a_run_is(period, visited, current, best):
    facts = [on_day(day, number) for number, day in enumerate(days(*visited))]
    run, gaps, _ = walk(a_streak(period), facts)
    assert (run.current, run.best, gaps) == (current, best, {})


@pytest.mark.parametrize(
    ("freezes", "visited", "current", "left", "frozen"),
    [
        (0, ("2026-11-16", "2026-11-18"), 1, 0, ()),
        (1, ("2026-11-16", "2026-11-18"), 2, 0, ("2026-11-17",)),
        (2, ("2026-11-16", "2026-11-18"), 2, 1, ("2026-11-17",)),
        (2, ("2026-11-16", "2026-11-19"), 2, 0, ("2026-11-17", "2026-11-18")),
        (1, ("2026-11-16", "2026-11-19"), 1, 0, ("2026-11-17",)),
    ],
)
def test_freezes_are_used_by_themselves_in_the_order_of_time(
    freezes, visited, current, left, frozen
):
    streak = a_streak(freezes={"start": freezes, "most": 3})
    run, gaps, _ = walk(streak, [on_day(day, n) for n, day in enumerate(days(*visited))])
    assert (run.current, run.freezes) == (current, left)
    assert gaps == dict.fromkeys(days(*frozen), GapKind.FROZEN)


@pytest.mark.parametrize(
    ("period", "calendar", "visited", "current"),
    [
        ("day", open_always(7), ("2026-11-21", "2026-11-23"), 2),
        ("day", open_always(6, 7), ("2026-11-20", "2026-11-23"), 2),
        ("day", open_always(7), ("2026-11-20", "2026-11-23"), 1),
        ("day", open_always(dates=("2026-12-24", "12-25")), ("2026-12-23", "2026-12-26"), 2),
        ("day", open_always(dates=("12-25",)), ("2027-12-24", "2027-12-26"), 2),
        ("day", open_always(7), ("2026-11-21", "2026-11-22", "2026-11-23"), 3),
        ("week", open_always(7), ("2026-11-16", "2026-11-30"), 1),
        ("week", open_always(*range(1, 8)), ("2026-11-16", "2026-11-30"), 2),
    ],
)
def test_closed_periods_neither_break_nor_count(period, calendar, visited, current):
    facts = [on_day(day, number) for number, day in enumerate(days(*visited))]
    run, gaps, _ = walk(a_streak(period), facts, calendar)
    assert (run.current, gaps) == (current, {})


def instant(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("journey", "current", "gaps"),
    [
        # Tallinn, then New York on the same calendar day, then the next, then Tokyo.
        (
            [
                ("2026-11-16 20:00", TALLINN),
                ("2026-11-16 22:00", NEW_YORK),
                ("2026-11-17 09:00", NEW_YORK),
                ("2026-11-18 23:00", TOKYO),
            ],
            3,
            {},
        ),
        # East over a whole calendar day: 17 November never came.
        (
            [("2026-11-16 22:00", HONOLULU), ("2026-11-18 09:00", TOKYO)],
            2,
            {date(2026, 11, 17): GapKind.SKIPPED},
        ),
        # At home a missed day is a missed day, also the shortest one.
        ([("2026-03-28 23:59", TALLINN), ("2026-03-30 00:01", TALLINN)], 1, {}),
        # Days of 23 and of 25 hours are days, from midnight to midnight.
        (
            [
                ("2026-03-28 23:59", TALLINN),
                ("2026-03-29 23:59", TALLINN),
                ("2026-03-30 00:01", TALLINN),
            ],
            3,
            {},
        ),
        (
            [
                ("2026-10-24 23:59", TALLINN),
                ("2026-10-25 00:01", TALLINN),
                ("2026-10-25 23:59", TALLINN),
                ("2026-10-26 00:01", TALLINN),
            ],
            3,
            {},
        ),
    ],
)
def test_travel_neither_doubles_nor_breaks_a_day(journey, current, gaps):
    facts = [done(instant(at, zone), n, zone) for n, (at, zone) in enumerate(journey)]
    run, found, _ = walk(a_streak(), facts)
    assert (run.current, found) == (current, gaps)


def test_a_day_before_what_is_known_is_late_and_the_same_day_is_not():
    streak = a_streak()
    run, _, _ = walk(streak, [on_day(date(2026, 11, 16)), on_day(date(2026, 11, 18), 2)])
    assert step(streak, run, on_day(date(2026, 11, 17), 3)).is_late
    assert not step(streak, run, on_day(date(2026, 11, 18), 4)).is_late
    assert rules.advance(streak, run, done(kind="review"), ALWAYS) is None


@pytest.mark.parametrize(
    ("length", "reached", "following"),
    [(1, [], 3), (3, [3], 4), (4, [3, 4], 8), (9, [3, 4, 8], 12)],
)
def test_milestones_once_and_again_and_again(length, reached, following):
    benefits = [{"kind": "points", "amount": 5}]
    milestones = [
        {"at": 3, "benefits": benefits},
        {"at": 4, "benefits": benefits, "repeats": True},
    ]
    streak = a_streak(milestones=milestones)
    monday = date(2026, 11, 16)
    facts = [on_day(monday + timedelta(days=n), n) for n in range(length)]
    assert walk(streak, facts)[2] == reached
    ahead = rules.next_milestone(streak, length)
    assert ahead is not None
    assert ahead.level == following


@pytest.mark.parametrize(
    ("today", "current", "freezes", "frozen"),
    [
        ("2026-11-17", 2, 1, ()),
        ("2026-11-18", 2, 1, ()),
        ("2026-11-19", 2, 0, ("2026-11-18",)),
        ("2026-11-20", 0, 0, ("2026-11-18",)),
    ],
)
def test_a_run_as_it_stands_on_a_day(today, current, freezes, frozen):
    streak = a_streak(freezes={"start": 1, "most": 1})
    run, _, _ = walk(streak, [on_day(day, day.day) for day in days("2026-11-16", "2026-11-17")])
    settled, over = rules.settle(streak, run, date.fromisoformat(today), ALWAYS)
    assert (settled.current, settled.freezes) == (current, freezes)
    assert over.frozen == tuple(days(*frozen))
    assert rules.settle(streak, settled, date.fromisoformat(today), ALWAYS)[0] == settled


def test_a_settled_run_goes_on_as_one_that_was_not():
    streak = a_streak(freezes={"start": 2, "most": 2})
    run, _, _ = walk(streak, [on_day(date(2026, 11, 16))])
    settled, _ = rules.settle(streak, run, date(2026, 11, 18), ALWAYS)
    after = on_day(date(2026, 11, 19), 2)
    going, found = (step(streak, one, after) for one in (run, settled))
    assert going.run == found.run
    assert list(found.gaps) == days("2026-11-18")


DAYS = st.sets(st.integers(0, 40).map(lambda n: date(2026, 10, 1) + timedelta(days=n)), min_size=1)
PERIODS = st.sampled_from(PeriodKind)


@given(DAYS, PERIODS)
def test_without_freezes_a_run_built_day_by_day_is_the_run_built_from_all(visited, period):
    streak = a_streak(str(period))
    run, _, _ = walk(streak, [on_day(day, day.isoformat()) for day in sorted(visited)])
    history = History(frozenset(rules.period_of(day, period) for day in visited), {})
    assert rules.rebuild(streak, run, history, ALWAYS) == run


@given(PERIODS, st.dates(date(2020, 1, 1), date(2032, 1, 1)))
def test_periods_follow_each_other_without_gap(period, day):
    first = rules.period_of(day, period)
    assert first <= day < rules.following(first, period)
    assert rules.previous(rules.following(first, period), period) == first
    assert rules.last_day(first, period) == rules.following(first, period) - timedelta(days=1)


def test_without_any_period_there_is_no_run():
    streak = a_streak()
    run, _, _ = walk(streak, [on_day(date(2026, 11, 16))])
    gone = rules.rebuild(streak, run, History(frozenset(), {}), ALWAYS)
    assert gone == replace(rules.begin(streak, "mem_ana"), peak=0)
