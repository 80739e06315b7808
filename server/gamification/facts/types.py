"""The counters of one member, and an activity as the games see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

PURCHASE = "purchase"
Counts = Mapping[str, Mapping[str, Any]]
"""Counters by name in sections, see `counting.py`; replaced as a whole, never changed in place."""


@dataclass(frozen=True, slots=True)
class Item:
    """What was bought on one line; `amount_minor` is what was paid for it."""

    amount_minor: int
    quantity: int = 1
    sku: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class ActivityFact:
    """One reported activity of a member, as games and badges see it.

    `kind` is `purchase` or a declared type; `day` is its date in the programme's zone and
    `member_day` in the member's own. `is_visit` says that it opened a new visit.
    """

    activity_id: str
    member_id: str
    kind: str
    occurred_at: datetime
    day: date
    member_day: date
    amount_minor: int = 0
    items: tuple[Item, ...] = ()
    location_id: str | None = None
    is_visit: bool = False
    points: int = 0
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Returning:
    """A return: the activity, what is left of it (None: nothing), by whom and when.

    `zone` is the programme's.
    """

    activity_id: str
    left: ActivityFact | None
    actor: str
    now: datetime
    zone: ZoneInfo


@dataclass(slots=True)
class Facts:
    """What a member has done; money is in minor units of the programme's currency, net of
    returns. `qualifying_points` are points earned by activities, net of clawbacks.
    """

    member_id: str
    purchases: int = 0
    visits: int = 0
    items: int = 0
    spend_minor: int = 0
    qualifying_points: int = 0
    first_purchase_at: datetime | None = None
    last_purchase_at: datetime | None = None
    last_visit_on: date | None = None
    counts: Counts = field(default_factory=dict)
