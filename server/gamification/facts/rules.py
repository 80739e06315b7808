"""How an activity changes a member's counters: pure."""

from dataclasses import dataclass
from datetime import date, datetime

from server.gamification.facts.types import Facts


@dataclass(frozen=True, slots=True)
class PurchaseFacts:
    """What one purchase (or the part of it that came back) counts for."""

    items: int
    spend_minor: int
    points: int
    is_visit: bool


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
    if bought.is_visit:
        facts.visits += 1
        facts.last_visit_on = day


def take_back(facts: Facts, returned: PurchaseFacts, *, is_whole: bool) -> None:
    """Uncount a return; a whole purchase that came back is no purchase and no visit any more."""
    facts.items -= returned.items
    facts.spend_minor -= returned.spend_minor
    facts.qualifying_points -= returned.points
    if is_whole:
        facts.purchases -= 1
        facts.visits -= returned.is_visit
