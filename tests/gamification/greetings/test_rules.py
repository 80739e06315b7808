"""Whose day has come: in their own calendar, once a year, a week late at most."""

from datetime import date

import pytest

from server.gamification.greetings.rules import codes_between, day_in, due_on
from server.gamification.greetings.types import Candidate, GreetingKind

BIRTHDAY, ANNIVERSARY = GreetingKind.BIRTHDAY, GreetingKind.ANNIVERSARY
LONG_AGO = date(2020, 5, 5)


def day(text):
    return date.fromisoformat(text)


def due(kind, today, born="1990-11-25", joined="2020-05-05", since="2020-05-05", last=None):
    last_on = day(last) if last else None
    born_on = day(born) if born else None
    one = Candidate("mem", born_on, day(joined), day(today), day(since), last_on)
    found = due_on(kind, one)
    return found.isoformat() if found else None


@pytest.mark.parametrize(
    ("today", "more", "expected"),
    [
        ("2026-11-24", {}, None),
        ("2026-11-25", {}, "2026-11-25"),
        ("2026-12-02", {}, "2026-11-25"),  # a week late
        ("2026-12-03", {}, None),
        ("2026-11-26", {"since": "2026-11-26"}, None),  # not made up for
        ("2026-11-26", {"since": "2026-11-25"}, "2026-11-25"),
        ("2026-11-26", {"joined": "2026-11-26"}, None),
        ("2026-11-25", {"joined": "2026-11-25"}, "2026-11-25"),
        ("2026-11-25", {"last": "2025-11-25"}, "2026-11-25"),
        ("2026-11-25", {"last": "2026-11-25"}, None),
        ("2026-11-25", {"last": "2026-03-01"}, None),  # the birthday was changed since
        ("2026-11-25", {"born": None}, None),
        ("2026-01-03", {"born": "1990-12-30"}, "2025-12-30"),
        ("2027-02-28", {"born": "1992-02-29"}, None),
        ("2027-03-01", {"born": "1992-02-29"}, "2027-03-01"),
        ("2028-02-29", {"born": "1992-02-29", "last": "2027-03-01"}, "2028-02-29"),
        ("2026-11-25", {"born": "2026-11-25"}, None),  # born today
    ],
)
def test_birthdays(today, more, expected):
    assert due(BIRTHDAY, today, **more) == expected


@pytest.mark.parametrize(
    ("today", "joined", "expected"),
    [
        ("2026-05-05", "2026-05-05", None),  # the day of joining itself
        ("2027-05-05", "2026-05-05", "2027-05-05"),
        ("2027-05-12", "2026-05-05", "2027-05-05"),
        ("2027-05-13", "2026-05-05", None),
        ("2029-03-01", "2028-02-29", "2029-03-01"),
    ],
)
def test_days_of_joining(today, joined, expected):
    assert due(ANNIVERSARY, today, joined=joined) == expected


def test_the_29th_of_february_comes_on_the_1st_of_march_in_other_years():
    born = date(1992, 2, 29)
    assert [day_in(year, born) for year in (2027, 2028)] == [date(2027, 3, 1), date(2028, 2, 29)]


def test_the_coarse_choice_has_everybody_who_may_be_due():
    assert codes_between(date(2027, 2, 27), date(2027, 3, 1)) == [227, 228, 229, 301]
    assert codes_between(date(2026, 12, 31), date(2027, 1, 1)) == [101, 1231]
