"""How purchases and returns change a member's counters."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from server.gamification.facts.counting import KEYS_MAX, OTHERS
from server.gamification.facts.rules import (
    PurchaseFacts,
    add_purchase,
    add_report,
    is_first_visit,
    take_back,
    take_back_report,
)
from server.gamification.facts.types import Facts, Item

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
BOUGHT = PurchaseFacts(items=3, spend_minor=100_00, points=10, is_visit=True)


def after_one():
    facts = Facts("mem_1")
    add_purchase(facts, BOUGHT, NOW, TODAY)
    return facts


def test_a_purchase_is_counted():
    counts = {"hours": {"0": 1}, "weekdays": {"6": 1}}
    assert after_one() == Facts("mem_1", 1, 1, 3, 100_00, 10, NOW, NOW, TODAY, counts)


def test_first_and_last_purchase_span_what_was_reported_in_any_order():
    facts = after_one()
    for days in (-3, 2, -1):
        again = PurchaseFacts(1, 1, 0, False)
        add_purchase(facts, again, NOW + timedelta(days=days), TODAY + timedelta(days=days))
    assert facts.first_purchase_at == NOW - timedelta(days=3)
    assert facts.last_purchase_at == NOW + timedelta(days=2)
    assert (facts.visits, facts.last_visit_on) == (1, TODAY)


@pytest.mark.parametrize(("days", "is_visit"), [(-1, False), (0, False), (1, True)])
def test_one_visit_a_day_and_none_before_the_last(days, is_visit):
    assert is_first_visit(after_one(), TODAY + timedelta(days=days)) is is_visit
    assert is_first_visit(Facts("mem_1"), TODAY)


def test_a_part_that_comes_back_is_no_whole_purchase():
    facts = after_one()
    take_back(facts, PurchaseFacts(1, 40_00, 4, True), TODAY, is_whole=False)
    assert replace(facts, counts={}) == Facts("mem_1", 1, 1, 2, 60_00, 6, NOW, NOW, TODAY)


def test_a_whole_purchase_that_comes_back_was_no_visit():
    facts = after_one()
    take_back(facts, BOUGHT, TODAY, is_whole=True)
    assert (facts.purchases, facts.visits, facts.items) == (0, 0, 0)
    assert (facts.spend_minor, facts.qualifying_points) == (0, 0)


COFFEE, CAKE = Item(6_00, 2, "c1", "coffee"), Item(4_00, 1, None, "cake")


def bought(*goods: Item, **fields: Any) -> PurchaseFacts:
    amount = sum(item.amount_minor for item in goods)
    pieces = sum(item.quantity for item in goods)
    of: dict[str, Any] = {"points": 0, "is_visit": True, "location_id": "loc_1", "hour": 14}
    return PurchaseFacts(pieces, amount, goods=goods, **(of | fields))


def test_names_are_counted_by_category_hour_weekday_and_place():
    facts = Facts("mem_1")
    add_purchase(facts, bought(COFFEE, CAKE, Item(2_00)), NOW, TODAY)
    add_purchase(facts, bought(COFFEE, is_visit=False, hour=15), NOW, TODAY)
    assert facts.counts == {
        "categories": {"coffee": [4, 12_00], "cake": [1, 4_00]},
        "hours": {"14": 1},
        "weekdays": {"6": 1},
        "places": {"loc_1": 1},
    }
    assert (facts.purchases, facts.visits, facts.items, facts.spend_minor) == (2, 1, 6, 18_00)


def test_an_activity_that_is_no_purchase_counts_by_its_kind():
    facts = Facts("mem_1")
    add_report(facts, "review", bought(is_visit=False, points=5), TODAY)
    assert facts == Facts("mem_1", qualifying_points=5, counts={"kinds": {"review": 1}})


@pytest.mark.parametrize("kind", ["purchase", "check_in"])
def test_taking_an_activity_back_leaves_nothing_counted(kind):
    facts, told = Facts("mem_1"), bought(COFFEE, CAKE, points=3)
    if kind == "purchase":
        add_purchase(facts, told, NOW, TODAY)
        take_back(facts, told, TODAY, is_whole=True)
    else:
        add_report(facts, kind, told, TODAY)
        take_back_report(facts, kind, told, TODAY)
    assert (facts.purchases, facts.visits, facts.items, facts.qualifying_points) == (0, 0, 0, 0)
    flat = [n for section in facts.counts.values() for n in section.values()]
    assert len(flat) >= 4
    assert {0 if n == [0, 0] else n for n in flat} == {0}


def test_beyond_fifty_names_the_others_are_counted_together_and_return_together():
    facts = Facts("mem_1")
    goods = tuple(Item(1_00, 1, None, f"c{number}") for number in range(KEYS_MAX + 3))
    add_purchase(facts, bought(*goods), NOW, TODAY)
    categories = facts.counts["categories"]
    assert (len(categories), categories[OTHERS]) == (KEYS_MAX + 1, [3, 3_00])
    back = PurchaseFacts(2, 2_00, 0, False, (goods[0], goods[-1]))
    take_back(facts, back, TODAY, is_whole=False)
    assert (facts.counts["categories"]["c0"], facts.counts["categories"][OTHERS]) == (
        [0, 0],
        [2, 2_00],
    )


def test_counters_are_replaced_and_never_changed_in_place():
    facts = after_one()
    copy = replace(facts)
    before = facts.counts
    add_purchase(copy, replace(BOUGHT, goods=(COFFEE,)), NOW, TODAY)
    assert facts.counts is before == {"hours": {"0": 1}, "weekdays": {"6": 1}}
