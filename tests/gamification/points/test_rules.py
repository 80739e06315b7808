"""From when and until when points can be used: a calendar, whatever the clocks do."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from server.gamification.ledger.types import Term
from server.gamification.points.rules import (
    add_months,
    expiry_of,
    last_day,
    round_up,
    rounded,
    term_of,
)
from server.gamification.programme.types import (
    ExpiryKind,
    ExpiryPolicy,
    ExpiryRounding,
    Policies,
    Programme,
    Rounding,
)

TALLINN = ZoneInfo("Europe/Tallinn")
ROUNDINGS = {rounding.value: rounding for rounding in ExpiryRounding}


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def months(number, round_to="day"):
    return ExpiryPolicy(ExpiryKind.MONTHS, number, ROUNDINGS[round_to])


def fixed(day):
    return ExpiryPolicy(ExpiryKind.FIXED_DATE, on=date.fromisoformat(day))


def programme(**policies):
    return Programme("rev", "Shop", "EUR", TALLINN, "en", ("en",), Policies(**policies))


@pytest.mark.parametrize(
    ("day", "number", "found"),
    [
        ("2026-11-22", 1, "2026-12-22"),
        ("2026-11-22", 2, "2027-01-22"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2027-02-28", 12, "2028-02-28"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-08-31", 1, "2026-09-30"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-11-22", 0, "2026-11-22"),
    ],
)
def test_months_are_added_by_the_calendar(day, number, found):
    assert add_months(date.fromisoformat(day), number) == date.fromisoformat(found)


@pytest.mark.parametrize(
    ("day", "to", "found"),
    [
        ("2026-11-22", "day", "2026-11-22"),
        ("2026-11-22", "month", "2026-11-30"),
        ("2028-02-01", "month", "2028-02-29"),
        ("2026-01-01", "quarter", "2026-03-31"),
        ("2026-03-31", "quarter", "2026-03-31"),
        ("2026-04-01", "quarter", "2026-06-30"),
        ("2026-09-15", "quarter", "2026-09-30"),
        ("2026-12-31", "quarter", "2026-12-31"),
        ("2026-01-01", "year", "2026-12-31"),
        ("2026-12-31", "year", "2026-12-31"),
    ],
)
def test_dates_are_rounded_to_the_end_of_a_period(day, to, found):
    assert round_up(date.fromisoformat(day), ROUNDINGS[to]) == date.fromisoformat(found)


@pytest.mark.parametrize(
    ("earned_at", "policies", "expires_at"),
    [
        ("2026-11-22T12:00", [months(12)], "2027-11-22T22:00"),
        ("2026-11-22T22:30", [months(12)], "2027-11-23T22:00"),  # the 23rd in Tallinn
        ("2026-11-22T12:00", [months(12, "month")], "2027-11-30T22:00"),
        ("2026-11-22T12:00", [months(3, "quarter")], "2027-03-31T21:00"),  # summer time
        ("2026-02-28T12:00", [months(1)], "2026-03-28T22:00"),  # D is over before the change
        ("2026-02-28T22:30", [months(1)], "2026-04-01T21:00"),  # earned on 1 March there
        ("2026-09-25T12:00", [months(1)], "2026-10-25T22:00"),  # a last day of 25 hours
        ("2026-11-22T12:00", [fixed("2026-12-24")], "2026-12-24T22:00"),
        ("2026-12-24T21:59", [fixed("2026-12-24")], "2026-12-24T22:00"),
        ("2026-12-24T22:00", [fixed("2026-12-24")], None),  # earned after that date
        ("2026-11-22T12:00", [months(12), fixed("2026-12-24")], "2026-12-24T22:00"),
        ("2026-11-22T12:00", [months(1), months(12, "year")], "2026-12-22T22:00"),
        ("2026-11-22T12:00", [], None),
    ],
)
def test_points_expire_when_their_last_day_is_over(earned_at, policies, expires_at):
    found = expiry_of(policies, at(earned_at), TALLINN)
    assert found == (at(expires_at) if expires_at else None)


def test_a_fixed_date_before_the_purchase_says_nothing():
    assert last_day(fixed("2026-11-21"), date(2026, 11, 22)) is None
    assert last_day(fixed("2026-11-22"), date(2026, 11, 22)) == date(2026, 11, 22)


def test_the_short_day_of_spring_is_a_whole_day():
    """2026-03-29 has 23 hours in Tallinn: it begins at 22:00 and ends at 21:00 UTC."""
    on_that_day = expiry_of([fixed("2026-03-29")], at("2026-03-01T12:00"), TALLINN)
    the_day_before = expiry_of([fixed("2026-03-28")], at("2026-03-01T12:00"), TALLINN)
    assert (the_day_before, on_that_day) == (at("2026-03-28T22:00"), at("2026-03-29T21:00"))


@pytest.mark.parametrize(
    ("policies", "earned_at", "now", "available_at", "expires_at"),
    [
        ({}, "2026-11-22T12:00", "2026-11-22T12:00", "2026-11-22T12:00", None),
        ({"pending_days": 14}, "2026-11-22T12:00", "2026-11-22T12:00", "2026-12-05T22:00", None),
        ({"pending_days": 1}, "2026-03-28T12:00", "2026-03-28T12:00", "2026-03-28T22:00", None),
        ({"pending_days": 2}, "2026-03-28T12:00", "2026-03-28T12:00", "2026-03-29T21:00", None),
        ({"pending_days": 3}, "2026-11-01T12:00", "2026-11-22T12:00", "2026-11-22T12:00", None),
        (
            {"expiry": (months(1),)},
            "2026-11-22T12:00",
            "2026-11-22T12:00",
            "2026-11-22T12:00",
            "2026-12-22T22:00",
        ),
        (  # uploaded when it would be past its date: the grace period
            {"expiry": (months(1),), "grace_lot_days": 14},
            "2026-09-01T12:00",
            "2026-11-22T12:00",
            "2026-11-22T12:00",
            "2026-12-06T22:00",
        ),
        (  # pending for longer than it is valid
            {"expiry": (months(1),), "pending_days": 60, "grace_lot_days": 7},
            "2026-11-22T12:00",
            "2026-11-22T12:00",
            "2027-01-20T22:00",
            "2027-01-28T22:00",
        ),
    ],
)
def test_the_term_of_points(policies, earned_at, now, available_at, expires_at):
    found = term_of(programme(**policies), at(earned_at), at(now))
    assert found == Term(at(available_at), at(expires_at) if expires_at else None)


@pytest.mark.parametrize(
    ("numerator", "denominator", "floor", "half_up", "ceil"),
    [
        (0, 10, 0, 0, 0),
        (1, 10, 0, 0, 1),
        (4, 10, 0, 0, 1),
        (5, 10, 0, 1, 1),
        (9, 10, 0, 1, 1),
        (10, 10, 1, 1, 1),
        (14, 10, 1, 1, 2),
        (15, 10, 1, 2, 2),
        (1, 3, 0, 0, 1),
        (2, 3, 0, 1, 1),
        (10**18 + 1, 2, 5 * 10**17, 5 * 10**17 + 1, 5 * 10**17 + 1),
    ],
)
def test_fractions_round_exactly(numerator, denominator, floor, half_up, ceil):
    found = [rounded(numerator, denominator, rounding) for rounding in Rounding]
    assert found == [floor, half_up, ceil]
