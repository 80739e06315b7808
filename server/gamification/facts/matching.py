"""Which activities count for something, and what of them: pure, but for reading the settings."""

from collections.abc import Collection, Container
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from server.core.clock import local_hour
from server.gamification.definitions.reading import Reader
from server.gamification.facts.types import PURCHASE, ActivityFact, Item

_WEEKDAYS = tuple("1234567")


class DistinctBy(StrEnum):
    """What must differ: the calendar day in the programme's zone, the place, or the goods."""

    DAY = "day"
    LOCATION = "location"
    CATEGORY = "category"
    SKU = "sku"


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """Conditions on one activity; an empty list lets everything through.

    With `categories` or `skus` only such lines count. `weekdays` are 1 (Monday) to 7, and `hours`
    the first hour that counts and the first that does not, both in the programme's zone; from 22
    until 2 goes over midnight. `amount_minor_min` is asked of what counts.
    """

    kinds: tuple[str, ...] = (PURCHASE,)
    categories: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    hours: tuple[int, int] | None = None
    amount_minor_min: int = 0
    visits_only: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """What of an activity counts: money, pieces, and the lines they are on."""

    amount_minor: int
    pieces: int
    items: tuple[Item, ...] = field(default=())


def read_filter(reader: Reader) -> ActivityFilter:
    """Read conditions, such as `{"categories": ["coffee"], "hours": {"from": 7, "until": 11}}`."""
    return ActivityFilter(
        kinds=reader.texts("kinds") if reader.has("kinds") else _default_kinds(reader),
        categories=reader.texts("categories"),
        skus=reader.texts("skus"),
        locations=reader.texts("locations"),
        weekdays=_read_weekdays(reader),
        hours=_read_hours(reader),
        amount_minor_min=reader.integer("amount_minor_min", 0),
        visits_only=reader.flag("visits_only"),
    )


def match(wanted: ActivityFilter, fact: ActivityFact, zone: ZoneInfo) -> Matched | None:
    """Return what of an activity counts, None when it does not."""
    if not (_is_kind(wanted, fact) and _is_time(wanted, fact, zone)):
        return None
    if wanted.locations and fact.location_id not in wanted.locations:
        return None
    matched = _matched_lines(wanted, fact)
    if matched is None or matched.amount_minor < wanted.amount_minor_min:
        return None
    return matched


def marks_of(by: DistinctBy, fact: ActivityFact, matched: Matched) -> Collection[str]:
    """Return what distinguishes an activity from others, such as its day or its articles."""
    if by is DistinctBy.DAY:
        return (fact.day.isoformat(),)
    if by is DistinctBy.LOCATION:
        return (fact.location_id or "",)
    named = (item.category if by is DistinctBy.CATEGORY else item.sku for item in matched.items)
    return sorted({name or "" for name in named})


def number_of(name: str, fact: ActivityFact, matched: Matched) -> int:
    """Return the number to add up: points, pieces, or a declared field of the activity."""
    if name == "points":
        return fact.points
    if name == "items":
        return matched.pieces
    value = fact.data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def is_closed(day: date, weekdays: Container[int], dates: Container[str]) -> bool:
    """Tell whether the shop is closed on a day: by weekday (1 is Monday), date or yearly date."""
    iso = day.isoformat()
    return day.isoweekday() in weekdays or iso in dates or iso[5:] in dates


def _is_kind(wanted: ActivityFilter, fact: ActivityFact) -> bool:
    if wanted.kinds and fact.kind not in wanted.kinds:
        return False
    return fact.is_visit or not wanted.visits_only


def _is_time(wanted: ActivityFilter, fact: ActivityFact, zone: ZoneInfo) -> bool:
    if wanted.weekdays and fact.day.isoweekday() not in wanted.weekdays:
        return False
    if wanted.hours is None:
        return True
    first, until = wanted.hours
    hour = local_hour(fact.occurred_at, zone)
    return first <= hour < until if first < until else hour >= first or hour < until


def _matched_lines(wanted: ActivityFilter, fact: ActivityFact) -> Matched | None:
    if not wanted.categories and not wanted.skus:
        pieces = sum(item.quantity for item in fact.items)
        return Matched(fact.amount_minor, pieces, fact.items)
    items = tuple(item for item in fact.items if _is_wanted(wanted, item))
    if not items:
        return None
    pieces = sum(item.quantity for item in items)
    return Matched(sum(item.amount_minor for item in items), pieces, items)


def _is_wanted(wanted: ActivityFilter, item: Item) -> bool:
    if wanted.categories and item.category not in wanted.categories:
        return False
    return not wanted.skus or item.sku in wanted.skus


def _default_kinds(reader: Reader) -> tuple[str, ...]:
    reader.raw("kinds")
    return (PURCHASE,)


def _read_weekdays(reader: Reader) -> tuple[int, ...]:
    def cast(value: object) -> tuple[int, ...]:
        if not isinstance(value, list) or any(str(day) not in _WEEKDAYS for day in value):
            raise ValueError
        return tuple(dict.fromkeys(int(day) for day in value))

    return reader.take("weekdays", (), cast, "a list of weekdays, 1 for Monday to 7")


def _read_hours(reader: Reader) -> tuple[int, int] | None:
    is_given = reader.has("hours")
    hours = reader.nested("hours")
    first, until = hours.integer("from", 0, most=23), hours.integer("until", 24, most=24)
    hours.refuse_unknown()
    if not is_given:
        return None
    if first == until:
        hours.blame("until", "invalid", "Must differ from where it begins.")
    return first, until
