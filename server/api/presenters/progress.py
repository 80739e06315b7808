"""The one bar of the whole contract."""

from typing import Any

from server.api.schemas import Integer, Text
from server.api.schemas import ResponseSchema as Out


class ProgressOut(Out):
    """A bar. `pct` is rounded down, so that a bar is full only when the goal is reached."""

    current = Integer(required=True)
    target = Integer(required=True)
    remaining = Integer(required=True)
    pct = Integer(required=True)
    unit = Text(required=True)
    text = Text(required=True)


def bar(current: int, target: int, unit: str, text: str) -> dict[str, Any]:
    """Return a bar with `current` of `target` (at least 1) done and what it says."""
    shown = max(0, min(current, target))
    return {
        "current": shown,
        "target": target,
        "remaining": target - shown,
        "pct": shown * 100 // target,
        "unit": unit,
        "text": text,
    }
