"""The one place that reads the clock.

Entry points (an endpoint, a job, a command) call `now()` once and pass the instant down;
rules and services take it as an argument and never look at a clock themselves.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_ahead: Callable[[], timedelta] | None = None


def now() -> datetime:
    """Return the current instant, aware, in UTC; in test mode that of the test clock."""
    return machine_now() if _ahead is None else machine_now() + _ahead()


def machine_now() -> datetime:
    """Return the instant of this machine's own clock, aware, in UTC."""
    return datetime.now(UTC)


def follow(ahead: Callable[[], timedelta]) -> None:
    """From now on be ahead of the machine's clock by what `ahead` returns."""
    global _ahead  # noqa: PLW0603 - a process has one clock
    _ahead = ahead


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """Return the calendar date on which `instant` falls in `zone`."""
    return instant.astimezone(zone).date()


def local_hour(instant: datetime, zone: ZoneInfo) -> int:
    """Return the hour of the day, 0 to 23, that clocks in `zone` show at `instant`."""
    return instant.astimezone(zone).hour


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which `day` begins in `zone`; days of 23 or 25 hours are fine."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which `day` is over in `zone`: the start of the next day."""
    return start_of_day(day + timedelta(days=1), zone)


def rfc3339(instant: datetime) -> str:
    """Write `instant` as RFC 3339 in UTC with `Z`, whole seconds unless there is a fraction."""
    text = instant.astimezone(UTC).isoformat()
    return text.removesuffix("+00:00") + "Z"
