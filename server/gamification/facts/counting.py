"""Counters by kind, category, hour, weekday and place: bounded, and never shared when changed.

`counts` is a small JSON object of sections. `kinds` counts activities that are no purchases,
`categories` holds `[pieces, money]` of purchases, `hours` and `weekdays` (Monday is 0) count
visits on the programme's clock, `places` counts visits by location. A section keeps the first
`KEYS_MAX` names; whatever comes later is counted together under `OTHERS`, for good, so that a
return finds what it subtracts from. Names stay when their count is zero again, for the same reason.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from server.gamification.facts.types import Counts, Item

KEYS_MAX = 50
OTHERS = "*"


def count_item(counts: Counts, items: Iterable[Item], sign: int = 1) -> Counts:
    """Return `counts` with pieces and money of `items` added (subtracted when `sign` is -1)."""
    named = [item for item in items if item.category]
    if not named:
        return counts
    section = dict(counts.get("categories", {}))
    for item in named:
        key = _room(section, item.category or "")
        pieces, money = section.get(key, (0, 0))
        section[key] = [pieces + sign * item.quantity, money + sign * item.amount_minor]
    return {**counts, "categories": section}


def count_visit(
    counts: Counts, day: date, hour: int, location_id: str | None, sign: int = 1
) -> Counts:
    """Return `counts` with a visit on `day` in the `hour` of the programme's clock."""
    new = {
        **counts,
        "hours": _added(counts.get("hours", {}), str(hour), sign),
        "weekdays": _added(counts.get("weekdays", {}), str(day.weekday()), sign),
    }
    if location_id:
        new["places"] = _added(counts.get("places", {}), location_id, sign)
    return new


def count_kind(counts: Counts, kind: str, sign: int = 1) -> Counts:
    """Return `counts` with one more activity of `kind` (one less when `sign` is -1)."""
    return {**counts, "kinds": _added(counts.get("kinds", {}), kind, sign)}


def _added(section: Mapping[str, int], name: str, sign: int) -> dict[str, int]:
    key = _room(section, name)
    return {**section, key: section.get(key, 0) + sign}


def _room(section: Mapping[str, Any], name: str) -> str:
    """Return under which key a name is counted: its own while there is room, else `OTHERS`."""
    is_full = len(section) - (OTHERS in section) >= KEYS_MAX
    return OTHERS if is_full and name not in section else name
