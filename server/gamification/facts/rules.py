"""How an activity changes a member's counters: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from server.gamification.facts.counting import count_item, count_kind, count_visit
from server.gamification.facts.types import Facts, Item


@dataclass(frozen=True, slots=True)
class PurchaseFacts:
    """What one purchase (or the part of it that came back) counts for.

    `goods` are its lines; `hour` is the hour of the purchase on the programme's clock.
    """

    items: int
    spend_minor: int
    points: int
    is_visit: bool
    goods: Sequence[Item] = ()
    hour: int = 0
    location_id: str | None = None


def is_first_visit(facts: Facts, day: date) -> bool:
    """Tell whether a purchase on `day` opens a new visit: no purchase that day or later yet.

    Purchases reported late, for a day before the last known visit, count as no visit of their
    own: the counters do not remember which older days were visited.
    """
    return facts.last_visit_on is None or day > facts.last_visit_on


def add_purchase(facts: Facts, bought: PurchaseFacts, at: datetime, day: date) -> None:
    """Count a purchase made at `at`, on the calendar day `day`."""
    facts.purchases += 1
    facts.items += bought.items
    facts.spend_minor += bought.spend_minor
    facts.qualifying_points += bought.points
    facts.first_purchase_at = min(facts.first_purchase_at or at, at)
    facts.last_purchase_at = max(facts.last_purchase_at or at, at)
    facts.counts = count_item(facts.counts, bought.goods)
    if bought.is_visit:
        _add_visit(facts, day, bought.hour, bought.location_id)


def take_back(facts: Facts, returned: PurchaseFacts, day: date, *, is_whole: bool) -> None:
    """Uncount a return of a purchase made on `day`.

    A whole purchase that came back is no purchase and no visit any more.
    """
    facts.items -= returned.items
    facts.spend_minor -= returned.spend_minor
    facts.qualifying_points -= returned.points
    facts.counts = count_item(facts.counts, returned.goods, -1)
    if is_whole:
        facts.purchases -= 1
        if returned.is_visit:
            _take_visit(facts, day, returned.hour, returned.location_id)


def add_report(facts: Facts, kind: str, told: PurchaseFacts, day: date) -> None:
    """Count an activity of a declared kind on the calendar day `day`."""
    facts.counts = count_kind(facts.counts, kind)
    facts.qualifying_points += told.points
    if told.is_visit:
        _add_visit(facts, day, told.hour, told.location_id)


def take_back_report(facts: Facts, kind: str, told: PurchaseFacts, day: date) -> None:
    """Uncount an activity of a declared kind; the date of the last visit stays."""
    facts.counts = count_kind(facts.counts, kind, -1)
    facts.qualifying_points -= told.points
    if told.is_visit:
        _take_visit(facts, day, told.hour, told.location_id)


def _add_visit(facts: Facts, day: date, hour: int, location_id: str | None) -> None:
    facts.visits += 1
    facts.last_visit_on = day
    facts.counts = count_visit(facts.counts, day, hour, location_id)


def _take_visit(facts: Facts, day: date, hour: int, location_id: str | None) -> None:
    facts.visits -= 1
    facts.counts = count_visit(facts.counts, day, hour, location_id, -1)
