"""The one place that reads the clock.

Entry points (an endpoint, a job, a command) call `now()` once and pass the instant down;
rules and services take it as an argument and never look at a clock themselves.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)


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
