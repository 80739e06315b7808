"""Whose day has come: pure calendar arithmetic."""

from calendar import isleap
from datetime import date, timedelta

from server.gamification.greetings.types import Candidate, GreetingKind

LATE_DAYS_MAX = 7
"""So many days after the day a greeting may still come, when no worker ran before."""
YEAR_DAYS = 365

NAMES = {
    GreetingKind.BIRTHDAY: {
        "en": "Happy birthday",
        "ru": "С днём рождения",  # noqa: RUF001 - Russian
        "et": "Palju õnne sünnipäevaks",
    },
    GreetingKind.ANNIVERSARY: {
        "en": "Another year with us",
        "ru": "Ещё один год с нами",  # noqa: RUF001 - Russian
        "et": "Veel üks aasta meiega",
    },
}
"""What the member reads as the reason."""


def day_in(year: int, of: date) -> date:
    """Return the day of `year` on which `of` comes again; 29 February is 1 March in other years."""
    if (of.month, of.day) == (2, 29) and not isleap(year):
        return date(year, 3, 1)
    return of.replace(year=year)


def due_on(kind: GreetingKind, one: Candidate) -> date | None:
    """Return the day for which a member is to be greeted now, None when there is none.

    It is at most a week ago, not before this greeting was switched on or the member joined, and
    at least a year after the day greeted last, whatever became of the birthday since.
    """
    of = one.born_on if kind is GreetingKind.BIRTHDAY else one.joined_on
    if of is None:
        return None
    first_on = max(one.today - timedelta(days=LATE_DAYS_MAX), one.since_on, one.joined_on)
    days = [day_in(year, of) for year in (one.today.year, one.today.year - 1) if year > of.year]
    due = next((day for day in days if first_on <= day <= one.today), None)
    if due is None or (one.last_on and due < one.last_on + timedelta(days=YEAR_DAYS)):
        return None
    return due


def codes_between(first_on: date, last_on: date) -> list[int]:
    """Return month and day, as `month * 100 + day`, of all that may be due between two days."""
    days = [first_on + timedelta(days=n) for n in range((last_on - first_on).days + 1)]
    codes = {day.month * 100 + day.day for day in days}
    return sorted(codes | ({229} if 301 in codes else set()))
