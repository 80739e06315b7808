"""Changing how tiers are kept while members have them."""

from datetime import date

import pytest
from sqlalchemy import select

from server.core.audit import AUDIT
from server.gamification.activities.configuration import get_configuration
from server.gamification.invariants.service import check_all
from server.gamification.programme.errors import ProgrammeMissing
from server.gamification.programme.queries import current_revision
from server.gamification.standings.assigning import Assignment, assign_tier
from server.gamification.standings.switching import change_scheme
from server.gamification.tiers.errors import TierSchemeInvalid
from tests.builders.nights import at, pass_nights, review_night, topics, where
from tests.builders.purchases import add_member, buy, give_back, open_shop

START = at("2026-01-02")
SWITCH = at("2026-03-10")
YEARS = {"window": {"kind": "calendar", "months": 12}}
EVA = "staff:eva"


@pytest.fixture
def shop(tx):
    """A shop where Ana is gold for her lifetime."""
    open_shop(tx, START)
    ana = add_member(tx, START)
    buy(tx, ana, 20_000_00, START)
    return tx, ana


def test_a_window_takes_nothing_away_before_it_has_counted_a_period(shop):
    tx, ana = shop
    change_scheme(tx, YEARS | {"keep": "next_period"}, EVA, SWITCH)
    assert check_all(tx, SWITCH) == []
    assert review_night(tx, date(2026, 3, 10)) == 1
    assert (where(tx, ana), topics(tx, ana)) == (("gold", "2027-12-31"), ["upgraded"])
    pass_nights(tx, "2027-12-31", "2028-01-01")
    assert where(tx, ana) == ("bronze", None)
    assert check_all(tx, at("2028-01-02")) == []


def test_what_was_bought_before_does_not_count_in_the_window(shop):
    tx, _ = shop
    ben = add_member(tx, START)
    buy(tx, ben, 4_000_00, START)
    change_scheme(tx, YEARS, EVA, SWITCH)
    bought = buy(tx, ben, 1_000_00, at("2026-03-11"))
    assert (where(tx, ben)[0], bought.trace["day_on"]) == ("bronze", "2026-03-11")
    buy(tx, ben, 4_000_00, at("2026-03-12"))
    assert where(tx, ben) == ("silver", "2026-12-31")
    assert check_all(tx, at("2026-03-12")) == []


def test_the_next_period_may_be_the_first_to_count(shop):
    tx, _ = shop
    ben = add_member(tx, START)
    buy(tx, ben, 4_000_00, START)
    scheme = change_scheme(tx, YEARS | {"counting_from": "next_period"}, EVA, SWITCH)
    assert scheme.counts_from_on == date(2027, 1, 1)
    bought = buy(tx, ben, 1_000_00, at("2026-03-11"))
    assert where(tx, ben) == ("silver", "2027-12-31")
    give_back(tx, bought, None, at("2026-03-12"))
    assert where(tx, ben) == ("bronze", None)
    assert check_all(tx, at("2026-03-12")) == []


def test_switching_a_window_off_lets_the_membership_decide_again(shop):
    tx, ana = shop
    change_scheme(tx, YEARS, EVA, SWITCH)
    pass_nights(tx, "2026-03-10", "2026-03-10")
    pass_nights(tx, "2027-01-01", "2027-01-01")
    assert where(tx, ana) == ("bronze", None)
    change_scheme(tx, {"window": {"kind": "lifetime"}}, EVA, at("2027-02-01"))
    assert check_all(tx, at("2027-02-01")) == []
    review_night(tx, date(2027, 2, 1))
    assert where(tx, ana) == ("gold", None)
    assert topics(tx, ana)[-2:] == ["downgraded", "upgraded"]


def test_want_of_visits_counts_from_the_day_it_is_switched_on(shop):
    tx, ana = shop
    change_scheme(tx, {"idle_months": 1}, EVA, SWITCH)
    pass_nights(tx, "2026-03-10", "2026-04-10")
    assert where(tx, ana)[0] == "gold"
    pass_nights(tx, "2026-04-11", "2026-04-11")
    assert where(tx, ana)[0] == "silver"


def test_a_locked_tier_is_not_looked_at(shop):
    tx, ana = shop
    assign_tier(tx, ana, Assignment("gold", "always", EVA, is_locked=True), START)
    change_scheme(tx, YEARS, EVA, SWITCH)
    assert review_night(tx, date(2030, 1, 1)) == 0
    assert where(tx, ana) == ("gold", None)


def test_a_change_is_a_new_revision_and_leaves_a_trace(shop):
    tx, _ = shop
    before = current_revision(tx)
    change_scheme(tx, YEARS, EVA, SWITCH)
    assert current_revision(tx) != before
    row = tx.execute(select(AUDIT).where(AUDIT.c.action == "programme.changed")).one()
    stored = {"basis": "qualifying_points", "counts_from_on": "2026-03-10", **YEARS}
    assert (row.actor, row.before, row.after) == (EVA, {"tiers": None}, {"tiers": stored})
    assert get_configuration(tx).ladder.scheme.is_windowed


def test_what_does_not_fit_together_changes_nothing(shop):
    tx, _ = shop
    before = current_revision(tx)
    with pytest.raises(TierSchemeInvalid):
        change_scheme(tx, {"window": {"kind": "calendar", "months": 5}}, EVA, SWITCH)
    assert current_revision(tx) == before


def test_without_a_programme_there_is_nothing_to_change(tx):
    with pytest.raises(ProgrammeMissing):
        change_scheme(tx, YEARS, EVA, SWITCH)
