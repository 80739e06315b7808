"""Rules that gave nothing: stored in few bytes, told in full."""

import pytest
from sqlalchemy import select, update

from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.pipeline import record_purchase
from server.gamification.activities.queries import get_purchase
from server.gamification.earning.models import EARN_RULE
from server.gamification.earning.refusals import trace_of_row
from tests.builders.purchases import (
    NOW,
    add_member,
    add_rule,
    buy,
    change_settings,
    open_shop,
    purchase,
    recording,
)


@pytest.fixture
def ana(tx):
    open_shop(tx)
    return add_member(tx)


def test_a_refusal_is_stored_without_names_and_told_with_them(tx, ana):
    books = add_rule(tx, "item", 1, categories=["books"])
    large = add_rule(tx, "visit", 1, minimum_minor=500_00)
    stars = add_rule(tx, "item", 1, categories=["coffee"], unit="stars:coffee")
    outcome = buy(tx, ana, 100_00)
    row = get_purchase(tx, outcome.activity_id)
    assert sorted(row.trace["not_applied"]) == sorted(
        [
            [books, 1, "no_matching_items"],
            [large, 1, "below_minimum", {"minimum_minor": 500_00}],
        ]
    )
    part = row.trace["units"]["stars:coffee"]
    assert part["not_applied"] == [[stars, 1, "no_matching_items"]]
    full = trace_of_row(tx, row)
    assert full["not_applied"] == outcome.trace["not_applied"]
    assert full["units"]["stars:coffee"] == outcome.trace["units"]["stars:coffee"]
    told = {one["rule_id"]: one["names"] for one in outcome.trace["not_applied"]}
    assert told == {books: {"en": "item"}, large: {"en": "visit"}}


def test_a_receipt_known_is_told_with_the_names_that_its_rules_had(tx, ana):
    rule_id = add_rule(tx, "item", 1, categories=["books"])
    bought = purchase(ana, 100_00)
    first = record_purchase(tx, bought, recording(tx))
    tx.execute(update(EARN_RULE).where(EARN_RULE.c.id == rule_id).values(archived_at=NOW))
    change_settings(tx, NOW)
    again = record_purchase(tx, bought, recording(tx))
    assert again.trace["not_applied"] == first.trace["not_applied"] != []


def test_a_trace_of_before_keeps_the_names_that_it_holds(tx, ana):
    outcome = buy(tx, ana, 9_99)
    tx.execute(update(ACTIVITY).values(trace=outcome.trace))
    stored = tx.execute(select(ACTIVITY.c.trace)).scalar_one()
    assert stored["not_applied"][0]["names"] == outcome.trace["not_applied"][0]["names"]
    assert trace_of_row(tx, get_purchase(tx, outcome.activity_id)) == outcome.trace
