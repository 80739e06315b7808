"""Quotes: what a purchase would bring, without recording anything."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from server.core.clock import local_date
from server.core.errors import NotFound
from server.gamification.activities import rules
from server.gamification.activities.pipeline import Reckoning, cap_keys, reckon, trace_of
from server.gamification.activities.trace import dump_move
from server.gamification.activities.types import Purchase, Recording, Shopper
from server.gamification.activities.units import unit_parts
from server.gamification.facts.rules import PurchaseFacts, add_purchase
from server.gamification.members.rules import why_not_served
from server.gamification.quotes.queries import find_asker
from server.gamification.standings import climbing
from server.gamification.tiers.rules import current_tier
from server.gamification.tiers.types import MULTIPLIER_ONE


@dataclass(frozen=True, slots=True)
class Quoted:
    """The trace that a purchase would have, the member before it, and what they can spend.

    `purchase` is as it would be paid: less `discount_minor`, the discount of the member's tier.
    """

    trace: dict[str, Any]
    shopper: Shopper
    spendable: int
    purchase: Purchase
    discount_minor: int


def quote_purchase(
    tx: Connection, purchase: Purchase, recording: Recording, *, is_discounted: bool = False
) -> Quoted:
    """Work out a purchase as `record_purchase` would; reads only.

    The discount of the member's tier comes off first, unless `is_discounted` says it has.

    Raise `NotFound`, `MemberBlocked`, `MemberMerged`, `CurrencyMismatch`, `PurchaseTooOld`,
    `PurchaseInFuture`, `AmountInvalid`.
    """
    rules.check_purchase(purchase, recording)
    keys = cap_keys([purchase], recording)
    found = find_asker(tx, purchase.member_id, keys, recording.now)
    if found is None:
        raise NotFound("There is no such member.")
    shopper, spendable = found
    refusal = why_not_served(shopper.status, shopper.merged_into_id)
    if refusal is not None:
        raise refusal
    ladder = recording.configuration.ladder
    climbing.look_up_tier(tx, shopper, ladder, recording.now)
    discount = 0 if is_discounted else _tier_discount(purchase, shopper, recording)
    purchase = _less(purchase, discount)
    reckoning = reckon(purchase, shopper, recording)
    points = reckoning.earnings.points
    too_much = rules.why_not_counted(purchase.amount_minor, points, shopper.facts)
    if too_much is not None:
        raise too_much
    trace = trace_of(reckoning, recording, ())
    trace |= unit_parts(reckoning.others, reckoning.terms, lambda _unit, _points: None)
    trace |= _climb(purchase, shopper, reckoning, recording)
    return Quoted(trace, shopper, spendable, purchase, discount)


def _tier_discount(purchase: Purchase, shopper: Shopper, recording: Recording) -> int:
    """Return what the member's tier takes off the bill, rounded down."""
    tier = current_tier(recording.configuration.ladder, shopper.standing)
    return purchase.amount_minor * tier.discount_bp // MULTIPLIER_ONE if tier else 0


def _less(purchase: Purchase, discount_minor: int) -> Purchase:
    """Return the purchase with a discount on the whole bill; its tax shrinks in proportion."""
    if not discount_minor:
        return purchase
    amount = purchase.amount_minor - discount_minor
    tax = purchase.tax_minor * amount // purchase.amount_minor
    return replace(purchase, amount_minor=amount, tax_minor=tax)


def _climb(
    purchase: Purchase, shopper: Shopper, reckoning: Reckoning, recording: Recording
) -> dict[str, Any]:
    """Return how the purchase would move the member, counting on a copy of what was counted."""
    ladder = recording.configuration.ladder
    day = local_date(purchase.occurred_at, recording.configuration.programme.zone)
    points, is_visit = reckoning.earnings.qualifying, reckoning.is_visit
    bought = PurchaseFacts(0, purchase.amount_minor, points, is_visit)
    after = replace(shopper, facts=replace(shopper.facts), days=list(shopper.days))
    add_purchase(after.facts, bought, purchase.occurred_at, day)
    climbing.count_day(after, ladder, bought, day)
    moved = climbing.move_on(after, ladder, "quote", recording.now)
    return dump_move(moved.review) if moved else {"tier_change": None}
