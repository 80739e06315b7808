"""Tiers given, locked and ended by people, with what is written down of it."""

from datetime import date

import pytest
from sqlalchemy import select, update

from server.core.audit import AUDIT
from server.core.errors import NotFound
from server.gamification.activities.configuration import get_configuration
from server.gamification.invariants.service import check_all
from server.gamification.standings.assigning import Assignment, assign_tier, unlock_tier
from server.gamification.standings.queries import get_standing
from server.gamification.tiers.errors import TierUnknown
from server.gamification.tiers.models import TIER
from tests.builders.nights import at, review_night, topics, where
from tests.builders.purchases import add_member, buy, change_settings, give_back, open_shop

START = at("2026-01-02")
EVA = "staff:eva"


@pytest.fixture
def shop(tx):
    open_shop(tx, START)
    return tx, add_member(tx, START)


def actions(tx):
    rows = tx.execute(select(AUDIT).where(AUDIT.c.entity_kind == "member").order_by(AUDIT.c.id))
    return [(row.action, row.actor, row.after["tier_id"], row.after["reason"]) for row in rows]


def test_a_tier_by_hand_is_a_floor_with_a_reason(shop):
    tx, ana = shop
    assign_tier(tx, ana, Assignment("silver", "a long friendship", EVA), START)
    bought = buy(tx, ana, 14_000_00, at("2026-02-01"))
    assert where(tx, ana)[0] == "gold"
    give_back(tx, bought, None, at("2026-02-02"))
    assert where(tx, ana)[0] == "silver"
    standing, silver = get_standing(tx, ana), get_configuration(tx).ladder.by_key("silver")
    assert (standing.source, standing.reason) == ("manual", "a long friendship")
    assert silver is not None
    assert actions(tx) == [("tier.assigned", EVA, silver.id, "a long friendship")]
    assert topics(tx, ana) == ["upgraded", "upgraded", "downgraded"]
    assert check_all(tx, at("2026-02-03")) == []


def test_a_locked_tier_does_not_move_until_it_is_unlocked(shop):
    tx, ana = shop
    assign_tier(tx, ana, Assignment("silver", "a test", EVA, is_locked=True), START)
    buy(tx, ana, 20_000_00, at("2026-02-01"))
    assert (where(tx, ana)[0], topics(tx, ana)) == ("silver", ["upgraded"])
    unlock_tier(tx, ana, "the test is over", EVA, at("2026-03-01"))
    assert (where(tx, ana)[0], topics(tx, ana)) == ("gold", ["upgraded", "upgraded"])
    assert [row[0] for row in actions(tx)] == ["tier.assigned", "tier.unlocked"]
    assert check_all(tx, at("2026-03-02")) == []


def test_a_paid_tier_ends_after_its_last_day(shop):
    tx, ana = shop
    tx.execute(update(TIER).where(TIER.c.key == "platinum").values(entry="paid"))
    change_settings(tx, START)
    given = Assignment("platinum", "paid 79", EVA, until_on=date(2026, 12, 31))
    assign_tier(tx, ana, given, START)
    assert get_standing(tx, ana).source == "paid"
    assert buy(tx, ana, 100_00, at("2026-12-31")).trace["points"] == 30
    assert review_night(tx, date(2026, 12, 31)) == 0
    assert review_night(tx, date(2027, 1, 1)) == 1
    assert (where(tx, ana)[0], topics(tx, ana)) == ("bronze", ["upgraded", "downgraded"])
    assert check_all(tx, at("2027-01-02")) == []


def test_an_invitation_may_be_given_again_without_a_move(shop):
    tx, ana = shop
    for until in (None, date(2026, 6, 30)):
        assign_tier(tx, ana, Assignment("platinum", "invited", EVA, until_on=until), START)
    assert (topics(tx, ana), len(actions(tx))) == (["upgraded"], 2)
    assert get_standing(tx, ana).floor_until_on == date(2026, 6, 30)
    assert check_all(tx, START) == []


def test_nobody_is_put_into_a_tier_that_is_not_there(shop):
    tx, ana = shop
    with pytest.raises(TierUnknown):
        assign_tier(tx, ana, Assignment("diamond", "why not", EVA), START)
    with pytest.raises(NotFound):
        assign_tier(tx, "mem_nobody", Assignment("gold", "why not", EVA), START)
    with pytest.raises(NotFound):
        unlock_tier(tx, "mem_nobody", "why not", EVA, START)
    assert (actions(tx), where(tx, ana)[0]) == ([], "bronze")
