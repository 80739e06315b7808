"""Checking a report against its type, and how often it counts: pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from server.core.errors import FieldError
from server.gamification.activity_types.types import ActivityType, FieldType, Often, ReportField

TEXT_MAX = 500
NUMBER_MAX = 2**53 - 1
_DAY = timedelta(days=1)
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)


def faults(activity_type: ActivityType, data: Mapping[str, Any]) -> list[FieldError]:
    """Return what is wrong with a report's data; nothing when it is as declared."""
    known = {field.name: field for field in activity_type.fields}
    found = [
        _fault(name, "unknown", "This type of activity has no such field.")
        for name in sorted(set(data) - set(known))
    ]
    for field in activity_type.fields:
        value = data.get(field.name)
        if value is None:
            if field.is_required:
                found.append(_fault(field.name, "required", "Missing data for required field."))
        elif not _fits(field, value):
            found.append(_fault(field.name, "invalid", f"Must be {_wanted(field)}."))
    return found


def period_of(often: Often, day: date) -> tuple[date, date] | None:
    """Return the first and last day of the period in which another report does not count.

    None: each one counts. Periods are those of the calendar; weeks begin on Monday (ISO 8601).
    """
    if often is Often.ALWAYS:
        return None
    if often is Often.ONCE:
        return _FIRST_DAY, _LAST_DAY
    if often is Often.DAILY:
        return day, day
    if often is Often.WEEKLY:
        monday = day - day.weekday() * _DAY
        return monday, monday + 6 * _DAY
    first = day.replace(day=1)
    return first, (first + 31 * _DAY).replace(day=1) - _DAY


def _fits(field: ReportField, value: Any) -> bool:
    if field.type is FieldType.FLAG:
        return isinstance(value, bool)
    if field.type is FieldType.INTEGER:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return is_whole and (field.least or 0) <= value <= most_of(field, NUMBER_MAX)
    if not isinstance(value, str):
        return False
    if field.type is FieldType.CHOICE:
        return value in field.choices
    if field.type is FieldType.DAY:
        return _is_day(value)
    return (field.least or 0) <= len(value) <= most_of(field, TEXT_MAX) and value.isprintable()


def most_of(field: ReportField, otherwise: int) -> int:
    """Return the most that a field may be: as declared, or what fields of its type may be."""
    return otherwise if field.most is None else field.most


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _wanted(field: ReportField) -> str:
    if field.type is FieldType.INTEGER:
        return f"a whole number from {field.least or 0} to {most_of(field, NUMBER_MAX)}"
    if field.type is FieldType.TEXT:
        return f"a text of at most {most_of(field, TEXT_MAX)} characters"
    if field.type is FieldType.CHOICE:
        return "one of " + ", ".join(field.choices)
    return "true or false" if field.type is FieldType.FLAG else "a date like 2026-11-30"


def _fault(name: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"/data/{name}", code=code, detail=detail)
