"""Every fact that a condition may speak of: name, type, words for people, and where it is read."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from server.core.clock import local_date, local_hour
from server.core.i18n import message
from server.gamification.conditions.types import FactType, Known, Subject, ValueKind
from server.gamification.facts.counting import OTHERS

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(r"(\d{1,2})-(\d{1,2})", re.ASCII)
_N, _T, _D, _F = ValueKind.NUMBER, ValueKind.TEXT, ValueKind.DATE, ValueKind.FLAG
_Read = Callable[[Subject], Known]


def _code(of: str) -> str | None:
    return None if 0 < len(of) <= 64 and of.isprintable() else "Say of which, in up to 64 letters."


def _weekday(of: str) -> str | None:
    return None if of in WEEKDAYS else "Must be one of " + ", ".join(WEEKDAYS) + "."


def _hours(of: str) -> str | None:
    found = _HOURS.fullmatch(of)
    if found and int(found[1]) < 24 and 0 < int(found[2]) <= 24 and found[1] != found[2]:
        return None
    return "Must be hours like 6-9 (from 6:00 until before 9:00) or 22-4."


def hours_between(of: str) -> list[int]:
    """Return the hours of a span like `6-9` (6, 7, 8); one that ends earlier crosses midnight."""
    first, end = (int(part) for part in of.split("-"))
    length = end - first if end > first else end + 24 - first
    return [(first + step) % 24 for step in range(length)]


def _count(section: str) -> Callable[[Subject, str], int]:
    return lambda who, of: int(who.facts.counts.get(section, {}).get(of, 0))


def _category(index: int) -> Callable[[Subject, str], int]:
    return lambda who, of: int(who.facts.counts.get("categories", {}).get(of, (0, 0))[index])


def _visits_between(who: Subject, of: str) -> int:
    hours: Mapping[str, Any] = who.facts.counts.get("hours", {})
    return sum(hours.get(str(hour), 0) for hour in hours_between(of))


def _visits_on(who: Subject, of: str) -> int:
    return int(who.facts.counts.get("weekdays", {}).get(str(WEEKDAYS.index(of)), 0))


def _tried(who: Subject) -> int:
    named = who.facts.counts.get("categories", {})
    return sum(1 for name, (pieces, _) in named.items() if pieces > 0 and name != OTHERS)


def _places(who: Subject) -> int:
    named = who.facts.counts.get("places", {})
    return sum(1 for name, visits in named.items() if visits > 0 and name != OTHERS)


def _first_purchase_on(who: Subject) -> Known:
    at = who.facts.first_purchase_at
    return local_date(at, who.zone) if at else None


def _days_since_visit(who: Subject) -> Known:
    last = who.facts.last_visit_on
    return max(0, (who.today - last).days) if last else None


def _of_activity(read: Callable[[Subject, Any], Known]) -> Callable[[Subject, str], Known]:
    """Read from the activity in hand; not known while there is none."""
    return lambda who, _of: None if who.activity is None else read(who, who.activity)


def _is_birthday(who: Subject, day: date) -> Known:
    """Whoever was born on 29 February has the birthday on the 28th in other years."""
    born = who.birthday
    if born is None:
        return None
    is_leap_birthday = (born.month, born.day) == (2, 29)
    is_leap_year = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    on = (2, 28) if is_leap_birthday and not is_leap_year else (born.month, born.day)
    return (day.month, day.day) == on


def _in_birthday_month(who: Subject, day: date) -> Known:
    return None if who.birthday is None else day.month == who.birthday.month


def _plain(kind: ValueKind, name: str, title: str, description: str, read: _Read) -> FactType:
    return FactType(name, kind, title, description, lambda who, _of: read(who))


_MEMBER = (
    _plain(
        _N,
        "purchases",
        message("Purchases"),
        message("How many purchases the member has made, without those that came back whole."),
        lambda who: who.facts.purchases,
    ),
    _plain(
        _N,
        "visits",
        message("Visits"),
        message("How many visits the member has made, at most one a day."),
        lambda who: who.facts.visits,
    ),
    _plain(
        _N,
        "items",
        message("Pieces bought"),
        message("How many pieces the member has bought, net of returns."),
        lambda who: who.facts.items,
    ),
    _plain(
        _N,
        "spend_minor",
        message("Money spent"),
        message("How much money the member has spent, in minor units, net of returns."),
        lambda who: who.facts.spend_minor,
    ),
    _plain(
        _N,
        "points_earned",
        message("Points earned"),
        message("How many points that count towards tiers the member has earned."),
        lambda who: who.facts.qualifying_points,
    ),
    _plain(
        _N,
        "categories_tried",
        message("Categories tried"),
        message("From how many categories the member has bought something."),
        _tried,
    ),
    _plain(
        _N,
        "places_visited",
        message("Places visited"),
        message("In how many shops the member has been."),
        _places,
    ),
    _plain(
        _N,
        "member_days",
        message("Days of membership"),
        message("How many days ago the member joined."),
        lambda who: (who.today - who.joined_on).days,
    ),
    _plain(
        _N,
        "days_since_visit",
        message("Days since the last visit"),
        message("How many days ago the last visit was; not known before the first."),
        _days_since_visit,
    ),
    _plain(
        _D,
        "joined_on",
        message("Joined on"),
        message("The date on which the member joined."),
        lambda who: who.joined_on,
    ),
    _plain(
        _D,
        "first_purchase_on",
        message("First purchase on"),
        message("The date of the first purchase; not known before it."),
        _first_purchase_on,
    ),
    _plain(
        _D,
        "last_visit_on",
        message("Last visit on"),
        message("The date of the last visit; not known before the first."),
        lambda who: who.facts.last_visit_on,
    ),
    _plain(
        _T,
        "tier",
        message("Tier now"),
        message("The key of the member's tier; not known while there is none."),
        lambda who: who.tier_key or None,
    ),
    _plain(
        _T,
        "language",
        message("Language"),
        message("The language that the member has chosen, such as et."),
        lambda who: who.locale or None,
    ),
    _plain(
        _F,
        "has_birthday",
        message("Birthday known"),
        message("Whether the member has told the date of birth."),
        lambda who: who.birthday is not None,
    ),
)
_NAMED = (
    FactType(
        "category_items",
        _N,
        message("Pieces of a category"),
        message("How many pieces of this category the member has bought, net of returns."),
        _category(0),
        _code,
    ),
    FactType(
        "category_spend_minor",
        _N,
        message("Money spent on a category"),
        message("How much the member has spent on this category, in minor units, net of returns."),
        _category(1),
        _code,
    ),
    FactType(
        "activities",
        _N,
        message("Activities of a kind"),
        message("How often the member has done something of this kind that is no purchase."),
        _count("kinds"),
        _code,
    ),
    FactType(
        "visits_at",
        _N,
        message("Visits to a place"),
        message("How many visits the member has made to this shop."),
        _count("places"),
        _code,
    ),
    FactType(
        "visits_between",
        _N,
        message("Visits between hours"),
        message("How many visits began between these hours of the day, such as 6-9."),
        _visits_between,
        _hours,
    ),
    FactType(
        "visits_on",
        _N,
        message("Visits on a weekday"),
        message("How many visits were on this day of the week."),
        _visits_on,
        _weekday,
    ),
)


def _now(
    kind: ValueKind,
    name: str,
    title: str,
    description: str,
    read: Callable[[Subject, Any], Known],
) -> FactType:
    return FactType(name, kind, title, description, _of_activity(read), of_activity=True)


_ACTIVITY = (
    _now(
        _T,
        "activity_kind",
        message("Kind of activity"),
        message("What is being done: purchase, or a type of activity that was declared."),
        lambda _who, fact: fact.kind,
    ),
    _now(
        _N,
        "activity_amount_minor",
        message("Amount of the purchase"),
        message("The money of the purchase being made, in minor units."),
        lambda _who, fact: fact.amount_minor,
    ),
    _now(
        _N,
        "activity_items",
        message("Pieces of the purchase"),
        message("How many pieces are being bought."),
        lambda _who, fact: sum(item.quantity for item in fact.items),
    ),
    _now(
        ValueKind.TEXTS,
        "activity_categories",
        message("Categories of the purchase"),
        message("From which categories something is being bought."),
        lambda _who, fact: frozenset(item.category for item in fact.items if item.category),
    ),
    _now(
        _N,
        "activity_hour",
        message("Hour of the activity"),
        message("The hour of the day on the programme's clock, 0 to 23."),
        lambda who, fact: local_hour(fact.occurred_at, who.zone),
    ),
    _now(
        _T,
        "activity_weekday",
        message("Weekday of the activity"),
        message("The day of the week in the programme's zone, such as monday."),
        lambda _who, fact: WEEKDAYS[fact.day.weekday()],
    ),
    _now(
        _T,
        "activity_place",
        message("Place of the activity"),
        message("The id of the shop in which it happens."),
        lambda _who, fact: fact.location_id,
    ),
    _now(
        _F,
        "activity_on_birthday",
        message("On the birthday"),
        message("Whether it is the member's birthday, by the member's own calendar."),
        lambda who, fact: _is_birthday(who, fact.member_day),
    ),
    _now(
        _F,
        "activity_in_birthday_month",
        message("In the month of the birthday"),
        message("Whether the member's birthday is in this month."),
        lambda who, fact: _in_birthday_month(who, fact.member_day),
    ),
)

FACTS: Mapping[str, FactType] = MappingProxyType(
    {fact.name: fact for fact in (*_MEMBER, *_NAMED, *_ACTIVITY)}
)
