"""What is left of the lines of a purchase, and what came back, as counters and games see them."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from server.gamification.activities.rules import nothing_returned, pieces_back
from server.gamification.activities.types import BasketLine, Returned, State
from server.gamification.facts.types import Item

FINAL = (State.RETURNED, State.CANCELLED)
"""The states of an activity of which nothing is left."""


def zone_in(trace: Mapping[str, Any], now: ZoneInfo) -> ZoneInfo:
    """Return the zone in which an activity was counted; old traces do not say: as it is `now`."""
    return ZoneInfo(trace["zone"]) if "zone" in trace else now


def returned_of(row: Any, lines: Sequence[BasketLine]) -> Returned:
    """Return what came back so far of a stored purchase with these lines."""
    return Returned(**row.returned) if row.returned else nothing_returned(lines)


def goods_left(lines: Sequence[BasketLine], returned: Returned) -> tuple[Item, ...]:
    """Return each line with the money and the pieces of it that did not come back."""
    rest = zip(lines, returned.amounts, returned.quantities, strict=True)
    return tuple(
        Item(
            line.paid_minor - amount,
            line.quantity - pieces_back(line, amount, pieces),
            line.sku,
            line.category,
        )
        for line, amount, pieces in rest
    )


def goods_back(lines: Sequence[BasketLine], before: Returned, after: Returned) -> tuple[Item, ...]:
    """Return what came back of each line between two states of a purchase."""
    pairs = zip(goods_left(lines, before), goods_left(lines, after), strict=True)
    return tuple(
        Item(
            had.amount_minor - has.amount_minor, had.quantity - has.quantity, had.sku, had.category
        )
        for had, has in pairs
    )
