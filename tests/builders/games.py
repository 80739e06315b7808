"""Challenges, streaks and activities for tests of what games do with them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.gamification.challenges.settings import read_challenge
from server.gamification.challenges.types import Challenge, Taker
from server.gamification.facts.types import ActivityFact, Item
from server.gamification.programme.types import ClosedDays
from server.gamification.streaks.settings import read_streak
from server.gamification.streaks.types import Calendar, Streak

TALLINN = ZoneInfo("Europe/Tallinn")
MONDAY = datetime(2026, 11, 16, 7, 30, tzinfo=UTC)
ANYBODY = Taker(TALLINN)
DAY = timedelta(days=1)


def a_challenge(metric: str = "count", target: int = 3, **settings: Any) -> Challenge:
    """A challenge that gives 50 points in the end."""
    given: dict[str, Any] = {"names": {"en": "Three times"}, "metric": metric}
    if metric != "steps":
        given["target"] = target
    given["benefits"] = [{"kind": "points", "amount": 50}]
    return read_challenge("chl_one", "three", given | settings)


def a_streak(period: str = "day", **settings: Any) -> Streak:
    """A streak of days that gives nothing."""
    return read_streak("stk_one", "daily", {"names": {"en": "Daily"}, "period": period} | settings)


def open_always(*weekdays: int, dates: tuple[str, ...] = ()) -> Calendar:
    """A shop in Tallinn that is closed on these weekdays and dates."""
    return Calendar(TALLINN, ClosedDays(frozenset(weekdays), frozenset(dates)))


def done(
    at: datetime = MONDAY, number: int | str = 1, zone: ZoneInfo = TALLINN, **fields: Any
) -> ActivityFact:
    """A purchase of 10.00 by a member who lives in `zone`."""
    fields.setdefault("amount_minor", 10_00)
    fields.setdefault("kind", "purchase")
    return ActivityFact(
        activity_id=f"act_{number}",
        member_id="mem_ana",
        occurred_at=at,
        day=at.astimezone(TALLINN).date(),
        member_day=at.astimezone(zone).date(),
        **fields,
    )


def on_day(day: date, number: int | str = 1, **fields: Any) -> ActivityFact:
    """A purchase at noon of a day in Tallinn."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=TALLINN)
    return done(at.astimezone(UTC), number, **fields)


def item(category: str, minor: int = 3_00, quantity: int = 1, sku: str | None = None) -> Item:
    """A line of a receipt."""
    return Item(minor, quantity, sku, category)
