"""Quotes: what a purchase would bring, without recording anything."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from server.core.clock import local_date
from server.core.errors import NotFound
from server.core.statements import at_once
from server.gamification.activities import queries, rules
from server.gamification.activities.pipeline import Reckoning, cap_keys, reckon, trace_of
from server.gamification.activities.trace import dump_move
from server.gamification.activities.types import Purchase, Recording, Shopper
from server.gamification.earning.queries import ask_caps
from server.gamification.facts.rules import PurchaseFacts, add_purchase
from server.gamification.ledger.queries import ask_spendable
from server.gamification.members.rules import why_not_served
from server.gamification.programme.types import POINTS
from server.gamification.standings import climbing


@dataclass(frozen=True, slots=True)
class Quoted:
    """The trace that a purchase would have, the member before it, and what they can spend."""

    trace: dict[str, Any]
    shopper: Shopper
    spendable: int


def quote_purchase(tx: Connection, purchase: Purchase, recording: Recording) -> Quoted:
    """Work out a purchase as `record_purchase` would; reads only.

    Raise `NotFound`, `MemberBlocked`, `MemberMerged`, `CurrencyMismatch`, `PurchaseTooOld`,
    `AmountInvalid`.
    """
    rules.check_purchase(purchase, recording)
    with at_once(tx):
        asked = queries.ask_shopper(tx, purchase.member_id)
        caps = ask_caps(tx, [purchase.member_id], cap_keys([purchase], recording))
        spendable = ask_spendable(tx, purchase.member_id, POINTS, recording.now)
    shopper = asked()
    if shopper is None:
        raise NotFound("There is no such member.")
    refusal = why_not_served(shopper.status, shopper.merged_into_id)
    if refusal is not None:
        raise refusal
    shopper.used = caps().get(shopper.member_id, {})
    ladder = recording.configuration.ladder
    climbing.look_up_tier(tx, shopper, ladder, recording.now)
    reckoning = reckon(purchase, shopper, recording)
    points = reckoning.earnings.points
    too_much = rules.why_not_counted(purchase.amount_minor, points, shopper.facts)
    if too_much is not None:
        raise too_much
    trace = trace_of(purchase, reckoning, recording, ())
    trace |= _climb(purchase, shopper, reckoning, recording)
    return Quoted(trace, shopper, spendable())


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
