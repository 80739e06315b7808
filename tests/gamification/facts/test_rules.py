"""How purchases and returns change a member's counters."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server.gamification.facts.rules import PurchaseFacts, add_purchase, is_first_visit, take_back
from server.gamification.facts.types import Facts

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
BOUGHT = PurchaseFacts(items=3, spend_minor=100_00, points=10, is_visit=True)


def after_one():
    facts = Facts("mem_1")
    add_purchase(facts, BOUGHT, NOW, TODAY)
    return facts


def test_a_purchase_is_counted():
    assert after_one() == Facts("mem_1", 1, 1, 3, 100_00, 10, NOW, NOW, TODAY)


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
    take_back(facts, PurchaseFacts(1, 40_00, 4, True), is_whole=False)
    assert facts == Facts("mem_1", 1, 1, 2, 60_00, 6, NOW, NOW, TODAY)


def test_a_whole_purchase_that_comes_back_was_no_visit():
    facts = after_one()
    take_back(facts, BOUGHT, is_whole=True)
    assert (facts.purchases, facts.visits, facts.items) == (0, 0, 0)
    assert (facts.spend_minor, facts.qualifying_points) == (0, 0)
