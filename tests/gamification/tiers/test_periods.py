"""Which days count towards a tier, and until when it is safe: every rule by calendar dates."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gamification.tiers.periods import (
    entitling_periods,
    first_day_read,
    idle_on,
    is_counting,
    kept_as_reached,
    leaves_on,
    one_period_from,
    period_after,
    period_before,
    period_of,
    safe_until,
)
from server.gamification.tiers.types import (
    Keep,
    Period,
    Scheme,
    Tally,
    Window,
    WindowKind,
)

LIFETIME, ROLLING = WindowKind.LIFETIME, WindowKind.ROLLING
CALENDAR, SINCE_START = WindowKind.CALENDAR, WindowKind.SINCE_START
JOINED = date(2024, 2, 29)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
MONTHS = st.sampled_from([1, 2, 3, 4, 6, 12])
ONE_DAY = timedelta(days=1)


def day(text):
    return date.fromisoformat(text)


def period(first, last):
    return Period(day(first), day(last))


def scheme(kind, months=12, **more):
    return Scheme(Window(kind, months), ZoneInfo("Europe/Tallinn"), **more)


@pytest.mark.parametrize(
    ("kind", "months", "on", "first", "last"),
    [
        (CALENDAR, 12, "2026-01-01", "2026-01-01", "2026-12-31"),
        (CALENDAR, 12, "2026-12-31", "2026-01-01", "2026-12-31"),
        (CALENDAR, 3, "2026-03-31", "2026-01-01", "2026-03-31"),
        (CALENDAR, 3, "2026-04-01", "2026-04-01", "2026-06-30"),
        (CALENDAR, 1, "2028-02-29", "2028-02-01", "2028-02-29"),
        (CALENDAR, 1, "2026-02-01", "2026-02-01", "2026-02-28"),
        (CALENDAR, 6, "2026-11-22", "2026-07-01", "2026-12-31"),
        (SINCE_START, 12, "2024-02-29", "2024-02-29", "2025-02-27"),
        (SINCE_START, 12, "2025-02-27", "2024-02-29", "2025-02-27"),
        (SINCE_START, 12, "2025-02-28", "2025-02-28", "2026-02-27"),
        (SINCE_START, 12, "2028-02-28", "2027-02-28", "2028-02-28"),
        (SINCE_START, 12, "2028-02-29", "2028-02-29", "2029-02-27"),
        (SINCE_START, 1, "2024-03-28", "2024-02-29", "2024-03-28"),
        (SINCE_START, 1, "2025-02-28", "2025-02-28", "2025-03-28"),
        (SINCE_START, 12, "2023-05-01", "2023-02-28", "2024-02-28"),
        (ROLLING, 12, "2026-11-22", "2025-11-23", "9999-12-31"),
        (ROLLING, 12, "2028-02-29", "2027-03-01", "9999-12-31"),
        (ROLLING, 1, "2026-03-31", "2026-03-01", "9999-12-31"),
    ],
)
def test_the_period_of_a_day(kind, months, on, first, last):
    assert period_of(Window(kind, months), day(on), JOINED) == period(first, last)


@given(kind=st.sampled_from([CALENDAR, SINCE_START]), months=MONTHS, on=DAYS, joined=DAYS)
def test_periods_lie_side_by_side_without_gap(kind, months, on, joined):
    window = Window(kind, months)
    found = period_of(window, on, joined)
    assert found.first_on <= on <= found.last_on
    assert period_of(window, found.first_on, joined) == found
    assert period_of(window, found.last_on, joined) == found
    assert period_after(window, found, joined).first_on == found.last_on + ONE_DAY
    assert period_before(window, found, joined).last_on == found.first_on - ONE_DAY


@pytest.mark.parametrize(
    ("months", "on", "gone"),
    [
        (12, "2026-11-22", "2027-11-22"),
        (12, "2028-02-28", "2029-02-28"),
        (12, "2028-02-29", "2029-03-01"),
        (12, "2027-02-28", "2028-02-28"),
        (1, "2026-01-31", "2026-03-01"),
        (1, "2026-01-28", "2026-02-28"),
        (1, "2026-03-31", "2026-05-01"),
        (24, "2026-11-22", "2028-11-22"),
    ],
)
def test_a_day_leaves_a_rolling_window(months, on, gone):
    assert leaves_on(months, day(on)) == day(gone)


@given(months=st.integers(1, 36), on=DAYS)
def test_a_day_counts_until_the_day_before_it_leaves(months, on):
    window, gone = Window(ROLLING, months), leaves_on(months, on)
    assert (
        period_of(window, gone - ONE_DAY, on).first_on <= on < period_of(window, gone, on).first_on
    )


@pytest.mark.parametrize(
    ("keep", "on", "grace", "found"),
    [
        (Keep.PERIOD, "2026-05-05", None, [("2026-01-01", "2026-12-31", "2026-12-31")]),
        (
            Keep.NEXT_PERIOD,
            "2026-05-05",
            None,
            [
                ("2026-01-01", "2026-12-31", "2027-12-31"),
                ("2025-01-01", "2025-12-31", "2026-12-31"),
            ],
        ),
        (
            Keep.NEXT_PERIOD,
            "2026-01-20",
            "2026-01-30",
            [
                ("2026-01-01", "2026-12-31", "2027-12-31"),
                ("2025-01-01", "2026-01-30", "2026-12-31"),
            ],
        ),
    ],
)
def test_which_periods_give_a_tier_and_until_when(keep, on, grace, found):
    years = scheme(CALENDAR, keep=keep)
    expected = [(period(first, last), day(kept)) for first, last, kept in found]
    until = day(grace) if grace else None
    assert entitling_periods(years, day(on), JOINED, until) == expected


def test_nothing_counts_before_a_window_was_switched_on():
    years = scheme(CALENDAR, keep=Keep.NEXT_PERIOD, counts_from_on=day("2026-03-10"))
    assert [is_counting(years, day(on)) for on in ("2026-03-09", "2026-03-10")] == [False, True]
    (current, _), (before, _) = entitling_periods(years, day("2026-05-05"), JOINED)
    assert current == period("2026-03-10", "2026-12-31")
    assert Tally(JOINED, 9, None, [(day("2025-12-01"), 9)]).within(before) == 0
    assert not is_counting(scheme(LIFETIME), day("2026-03-10"))


@pytest.mark.parametrize(
    ("kind", "months", "keep", "safe", "one_period"),
    [
        (CALENDAR, 12, Keep.PERIOD, "2026-12-31", "2026-12-31"),
        (CALENDAR, 12, Keep.NEXT_PERIOD, "2027-12-31", "2026-12-31"),
        (CALENDAR, 3, Keep.NEXT_PERIOD, "2027-03-31", "2026-12-31"),
        (SINCE_START, 12, Keep.PERIOD, "2027-02-27", "2027-02-27"),
        (SINCE_START, 12, Keep.NEXT_PERIOD, "2028-02-28", "2027-02-27"),
        (ROLLING, 12, Keep.PERIOD, "2027-11-21", "2027-11-21"),
    ],
)
def test_how_long_a_tier_is_safe_that_no_score_has_earned(kind, months, keep, safe, one_period):
    kept = scheme(kind, months, keep=keep)
    today = day("2026-11-22")
    assert kept_as_reached(kept, today, JOINED) == day(safe)
    assert one_period_from(kept, today, JOINED) == day(one_period)


@pytest.mark.parametrize(
    ("threshold", "until"),
    [
        (1, "2027-10-31"),
        (30, "2027-10-31"),
        (31, "2027-04-30"),
        (60, "2027-04-30"),
        (61, "2027-02-28"),
    ],
)
def test_a_rolling_score_lasts_until_enough_days_have_left(threshold, until):
    days = [(day("2026-11-01"), 30), (day("2026-03-01"), 10), (day("2026-05-01"), 30)]
    tally = Tally(JOINED, 70, None, days)
    rolling = scheme(ROLLING)
    current, _ = entitling_periods(rolling, day("2026-11-22"), JOINED)[0]
    assert safe_until(rolling, tally, current, threshold) == day(until)


@given(
    days=st.lists(st.tuples(st.dates(date(2024, 1, 1), date(2026, 1, 1)), st.integers(1, 50))),
    months=st.integers(1, 14),
    threshold=st.integers(1, 120),
)
def test_the_last_safe_day_is_exact(days, months, threshold):
    rolling, today = scheme(ROLLING, months), date(2026, 1, 1)
    tally = Tally(JOINED, 0, None, days)

    def score(on):
        return tally.within(entitling_periods(rolling, on, JOINED)[0][0])

    if score(today) >= threshold:
        current = entitling_periods(rolling, today, JOINED)[0][0]
        last = safe_until(rolling, tally, current, threshold)
        assert score(last) >= threshold > score(last + ONE_DAY)


@pytest.mark.parametrize(
    ("months", "visit", "after", "due"),
    [
        (1, "2026-01-15", None, "2026-02-16"),
        (1, "2026-01-31", None, "2026-03-01"),
        (1, "2026-01-31", "2026-03-01", "2026-04-01"),
        (1, "2026-01-31", "2026-04-01", "2026-05-01"),
        (3, "2026-11-30", None, "2027-03-01"),
        (1, "2028-01-29", None, "2028-03-01"),
        (1, "2026-01-15", "2026-07-01", "2026-07-16"),
    ],
)
def test_want_of_visits_is_noticed_when_the_months_are_over(months, visit, after, due):
    kept = scheme(LIFETIME, idle_months=months)
    assert idle_on(kept, day(visit), day(after) if after else None) == day(due)


def test_no_more_days_are_read_than_a_decision_needs():
    today = day("2026-05-05")
    reads = [
        first_day_read(scheme(CALENDAR), today, JOINED),
        first_day_read(scheme(CALENDAR, keep=Keep.NEXT_PERIOD), today, JOINED),
        first_day_read(scheme(ROLLING), today, JOINED),
        first_day_read(scheme(SINCE_START, 1), today, JOINED),
        first_day_read(scheme(ROLLING, counts_from_on=day("2026-02-02")), today, JOINED),
    ]
    firsts = ["2026-01-01", "2025-01-01", "2025-05-06", "2026-04-29", "2026-02-02"]
    assert [found.isoformat() for found in reads] == firsts
