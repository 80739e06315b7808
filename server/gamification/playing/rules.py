"""What games and badges see of an activity: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from server.core.clock import local_date
from server.gamification.activities.rules import goods_of
from server.gamification.activities.trace import load_lines
from server.gamification.facts.types import ActivityFact, Item


def fact_of(stored: Mapping[str, Any], zone: ZoneInfo, member_zone: ZoneInfo) -> ActivityFact:
    """Return an activity as games see it.

    `stored` has the columns of `activity` by name; `zone` is the programme's.
    """
    trace, at = stored["trace"], stored["occurred_at"]
    return ActivityFact(
        activity_id=stored["id"],
        member_id=stored["member_id"],
        kind=stored["kind"],
        occurred_at=at,
        day=local_date(at, zone),
        member_day=local_date(at, member_zone),
        amount_minor=stored["amount_minor"],
        items=goods_of(load_lines(trace)),
        location_id=stored["location_id"],
        is_visit=trace.get("is_visit", False),
        points=trace["points"],
        data=trace.get("data", {}),
    )


def zone_of(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    """Return the member's own zone, or the programme's when none is known."""
    return ZoneInfo(name) if name else otherwise


def items_left(fact: ActivityFact, items: Sequence[Item], amount_minor: int) -> ActivityFact:
    """Return the activity as it is net of returns."""
    left = tuple(item for item in items if item.quantity or item.amount_minor)
    return replace(fact, amount_minor=amount_minor, items=left)
