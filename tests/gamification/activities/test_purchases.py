"""A purchase on its way through the slices: what it gives, leaves behind, and refuses."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select, update

from server.core.errors import NotFound
from server.core.outbox import OUTBOX
from server.gamification.activities.errors import (
    CurrencyMismatch,
    DuplicateMismatch,
    PurchaseInFuture,
    PurchaseTooOld,
)
from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.pipeline import record_purchase, record_purchases
from server.gamification.activities.types import Outcome
from server.gamification.facts.queries import get_facts
from server.gamification.facts.types import Facts
from server.gamification.holds.errors import HoldNotFound, HoldResolved
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import LOT
from server.gamification.members.errors import MemberBlocked
from server.gamification.members.models import MEMBER
from server.gamification.standings.queries import get_standing
from tests.builders.purchases import (
    NOW,
    add_member,
    add_rule,
    balances,
    buy,
    change_settings,
    give,
    hold,
    kinds,
    line,
    open_shop,
    purchase,
    recording,
)


@pytest.fixture
def ana(tx):
    open_shop(tx)
    return add_member(tx)


def topics(tx):
    """The topics in the outbox; ids of one millisecond have no order."""
    return sorted(tx.execute(select(OUTBOX.c.topic)).scalars())


def count(tx, table):
    return tx.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_purchase_gives_points_with_their_reasons(tx, ana):
    outcome = buy(tx, ana, 105_00, lines=(line(50_00, 2, category="coffee"),))
    trace = outcome.trace
    assert (trace["points"], outcome.wallet.available) == (10, 10)
    (accrual,) = trace["accruals"]
    assert (accrual["points"], accrual["version"], accrual["multiplier_bp"]) == (10, 1, 10_000)
    assert trace["lines"] == [[50_00, 50_00, 2, None, "coffee"], [55_00, 55_00, 0, None, None]]
    assert (trace["is_visit"], trace["rounding"]) == (True, "floor")
    (lot,) = tx.execute(select(LOT)).all()
    assert lot.source_transfer_id == trace["transfer_id"]
    assert lot.expires_at.isoformat() == "2027-11-30T22:00:00+00:00"
    facts = get_facts(tx, ana)
    assert facts.counts["categories"] == {"coffee": [2, 50_00]}
    assert facts == Facts(ana, 1, 1, 2, 105_00, 10, NOW, NOW, NOW.date(), facts.counts)
    assert topics(tx) == ["points.awarded"]
    assert check_all(tx, NOW) == []


def test_a_purchase_without_points_is_recorded_all_the_same(tx, ana):
    outcome = buy(tx, ana, 9_99)
    assert outcome.trace["not_applied"][0]["reason"] == "too_little"
    assert (kinds(tx, ana), topics(tx)) == ([], [])
    assert get_facts(tx, ana).purchases == 1
    assert check_all(tx, NOW) == []


def test_a_receipt_reported_again_has_its_first_outcome(tx, ana):
    bought = purchase(ana, 100_00)
    first = record_purchase(tx, bought, recording(tx))
    again = record_purchase(tx, bought, recording(tx, NOW + timedelta(days=3)))
    assert (first.is_duplicate, again.is_duplicate) == (False, True)
    assert again.activity_id == first.activity_id
    assert orjson.loads(orjson.dumps(first.trace)) == again.trace
    assert kinds(tx, ana) == [("accrual", 10)]


@pytest.mark.parametrize(("who", "minor"), [("ana", 100_01), ("ben", 100_00)])
def test_a_known_receipt_with_other_content_is_refused(tx, ana, who, minor):
    members = {"ana": ana, "ben": add_member(tx)}
    first = buy(tx, ana, 100_00, external_id="r-7")
    with pytest.raises(DuplicateMismatch) as refusal:
        buy(tx, members[who], minor, external_id="r-7")
    assert refusal.value.params == {"transaction_id": first.activity_id}
    assert balances(tx, ana) == (10, 0, 0, 0)


def test_the_same_number_at_another_till_is_another_receipt(tx, ana):
    buy(tx, ana, 100_00, external_id="r-7")
    assert not buy(tx, ana, 100_00, external_id="r-7", source="till-2").is_duplicate
    assert balances(tx, ana) == (20, 0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"member_id": "mem_nobody"}, NotFound),
        ({"currency_code": "USD"}, CurrencyMismatch),
        ({"occurred_at": NOW + timedelta(hours=1)}, PurchaseInFuture),
        ({"occurred_at": NOW - timedelta(days=1200)}, PurchaseTooOld),
        ({"redemption_ids": ("hld_none",)}, HoldNotFound),
    ],
)
def test_a_refused_purchase_changes_nothing(tx, ana, changes, refusal):
    with pytest.raises(refusal):
        record_purchase(
            tx, purchase(**{"member_id": ana, "minor": 100_00} | changes), recording(tx)
        )
    assert (count(tx, ACTIVITY), topics(tx)) == (0, [])
    assert get_facts(tx, ana) == Facts(ana)


def test_a_blocked_member_earns_nothing(tx, ana):
    tx.execute(update(MEMBER).where(MEMBER.c.id == ana).values(status="blocked"))
    with pytest.raises(MemberBlocked):
        buy(tx, ana, 100_00)
    assert count(tx, ACTIVITY) == 0


def test_a_tier_is_reached_at_once_and_earns_from_the_next_purchase(tx, ana):
    first = buy(tx, ana, 5000_00)
    assert (first.trace["points"], first.trace["tier_change"]["is_upgrade"]) == (500, True)
    assert get_standing(tx, ana).tier_id == first.trace["tier_change"]["to_id"]
    assert buy(tx, ana, 100_00).trace["points"] == 15
    assert topics(tx) == ["points.awarded", "points.awarded", "tier.upgraded"]
    assert check_all(tx, NOW) == []


def test_points_wait_when_the_programme_says_so(tx):
    open_shop(tx, pending_days=14)
    ana = add_member(tx)
    outcome = buy(tx, ana, 100_00)
    assert balances(tx, ana) == (0, 10, 0, 0)
    assert outcome.trace["available_at"] == "2026-12-05T22:00:00Z"
    buy(tx, ana, 0, NOW + timedelta(days=14))
    assert balances(tx, ana) == (10, 0, 0, 0)


def test_caps_hold_over_many_purchases_of_a_day(tx, ana):
    add_rule(tx, "item", 10, points_per_period_max=25)
    points = [buy(tx, ana, 1_00).trace["points"] for _ in range(4)]
    assert points == [10, 10, 5, 0]
    assert buy(tx, ana, 1_00, NOW + timedelta(days=1)).trace["points"] == 10
    assert check_all(tx, NOW) == []


def test_a_visit_counts_once_a_day_in_the_zone_of_the_programme(tx, ana):
    add_rule(tx, "visit", 5)
    late_evening = NOW.replace(hour=21, minute=59)
    moments = [NOW, late_evening, late_evening + timedelta(minutes=1)]
    assert [buy(tx, ana, 1_00, at).trace["points"] for at in moments] == [5, 0, 5]
    assert get_facts(tx, ana).visits == 2


def test_points_paid_with_the_purchase_are_captured_with_it(tx, ana):
    give(tx, ana, 50)
    held = hold(tx, ana, 20)
    outcome = buy(tx, ana, 80_00, redemption_ids=(held.id, held.id))
    assert outcome.trace["spent"] == [
        {
            "hold_id": held.id,
            "transfer_id": outcome.trace["spent"][0]["transfer_id"],
            "unit": "points",
            "points": 20,
            "worth_minor": 20_00,
        }
    ]
    assert balances(tx, ana) == (38, 0, 0, 0)
    with pytest.raises(HoldResolved):
        buy(tx, ana, 80_00, redemption_ids=(held.id,))


def test_a_known_receipt_applies_no_other_points(tx, ana):
    give(tx, ana, 50)
    first, other = hold(tx, ana, 20), hold(tx, ana, 10)
    known: dict[str, Any] = {"external_id": "known", "redemption_ids": (first.id,)}
    buy(tx, ana, 80_00, **known)
    assert buy(tx, ana, 80_00, **known).is_duplicate
    assert buy(tx, ana, 80_00, external_id="known").is_duplicate
    with pytest.raises(DuplicateMismatch):
        buy(tx, ana, 80_00, **known | {"redemption_ids": (first.id, other.id)})
    assert balances(tx, ana)[2] == 10


def test_nobody_pays_with_the_points_of_another(tx, ana):
    ben = add_member(tx)
    give(tx, ben, 50)
    held = hold(tx, ben, 20)
    with pytest.raises(HoldNotFound):
        buy(tx, ana, 80_00, redemption_ids=(held.id,))
    assert balances(tx, ben) == (30, 0, 20, 0)


def test_a_batch_is_recorded_in_order_and_refusals_do_not_stop_it(tx, ana):
    ben = add_member(tx)
    known = buy(tx, ben, 10_00, external_id="known")
    twice = purchase(ana, 20_00)
    batch = [
        purchase(ana, 5000_00),
        purchase(ana, 100_00),
        purchase(ana, 10_00, currency_code="USD"),
        twice,
        twice,
        purchase(ben, 10_00, external_id="known"),
    ]
    results = record_purchases(tx, batch, recording(tx))
    points = [one.trace["points"] if isinstance(one, Outcome) else None for one in results]
    assert points == [500, 15, None, 3, 3, 1]
    assert isinstance(results[2], CurrencyMismatch)
    duplicates = [one.is_duplicate for one in results if isinstance(one, Outcome)]
    assert duplicates == [False, False, False, True, True]
    assert isinstance(results[5], Outcome)
    assert results[5].activity_id == known.activity_id
    assert balances(tx, ana) == (518, 0, 0, 0)
    assert check_all(tx, NOW) == []


def test_caps_and_visits_are_counted_within_a_batch(tx, ana):
    add_rule(tx, "item", 10, points_per_period_max=15)
    add_rule(tx, "visit", 5)
    batch = [purchase(ana, 1_00) for _ in range(3)]
    results = record_purchases(tx, batch, recording(tx))
    points = [one.trace["points"] for one in results if isinstance(one, Outcome)]
    assert points == [15, 5, 0]
    assert check_all(tx, NOW) == []


def test_rules_of_the_day_leave_older_purchases_alone(tx, ana):
    first = buy(tx, ana, 100_00)
    change_settings(tx, NOW, rounding="ceil")
    assert buy(tx, ana, 101_00).trace["points"] == 11
    stored = tx.execute(select(ACTIVITY.c.trace).where(ACTIVITY.c.id == first.activity_id))
    assert stored.scalar_one()["rounding"] == "floor"
