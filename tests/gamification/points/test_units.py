"""Stars with an expiry of their own beside points with theirs: earned, swept, changed, foretold."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.service import give
from server.gamification.grants.types import Reason
from server.gamification.invariants.service import check_all
from server.gamification.ledger.queries import spendable_now
from server.gamification.ledger.sweeping import expire_due
from server.gamification.points.errors import ExpiryInvalid
from server.gamification.points.ladders import ask_expiry_ladders
from server.gamification.points.switching import Loser, change_expiry, forecast_expiry
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import (
    POINTS,
    STARS,
    ExpiryKind,
    ExpiryPolicy,
    ExpiryRounding,
)
from tests.builders.purchases import add_member, add_rule, buy, open_shop

JUNE = datetime(2026, 6, 15, 9, tzinfo=UTC)
YEAR_END = {"kind": "months", "months": 12, "round_to": "month"}
QUARTER = {"kind": "months", "months": 3}
IDLE = {"kind": "inactivity", "months": 2}
MONTH = ExpiryPolicy(ExpiryKind.MONTHS, 1)
DAY = timedelta(days=1)
IN_A_YEAR = datetime(2027, 6, 30, 21, tzinfo=UTC)
IN_A_QUARTER = datetime(2026, 9, 15, 21, tzinfo=UTC)


def open_at(tx, **own):
    """Open a shop with a star for each visit; return a member with 10 points and a star."""
    open_shop(tx, JUNE - 30 * DAY, expiry=[YEAR_END], unit_expiry=own)
    add_rule(tx, "visit", 1, JUNE - 30 * DAY, unit=STARS)
    ana = add_member(tx, JUNE - DAY)
    buy(tx, ana, 100_00, JUNE)
    return ana


def ladders(tx, member_id):
    return ask_expiry_ladders(tx, member_id)()


def spendable(tx, member_id, now):
    return tuple(spendable_now(tx, member_id, unit, now) for unit in (POINTS, STARS))


def give_stars(tx, member_id, amount, now):
    benefit = Benefit(BenefitKind.STARS, amount, STARS)
    give(tx, member_id, [benefit], Reason("test", str(now), {}), "cli:eva", now)


def test_without_policies_of_their_own_stars_follow_the_points(tx):
    ana = open_at(tx)
    assert ladders(tx, ana) == {POINTS: [(IN_A_YEAR, 10)], STARS: [(IN_A_YEAR, 1)]}


def test_stars_have_their_own_date_from_purchases_and_from_gifts(tx):
    ana = open_at(tx, stars=[QUARTER])
    give_stars(tx, ana, 5, JUNE)
    assert ladders(tx, ana) == {POINTS: [(IN_A_YEAR, 10)], STARS: [(IN_A_QUARTER, 6)]}


def test_stars_may_live_for_ever_beside_points_that_do_not(tx):
    ana = open_at(tx, stars=[])
    assert ladders(tx, ana) == {POINTS: [(IN_A_YEAR, 10)]}


def test_each_unit_is_swept_at_its_own_date(tx):
    ana = open_at(tx, stars=[QUARTER])
    assert expire_due(tx, IN_A_QUARTER - timedelta(seconds=1)) == 0
    assert spendable(tx, ana, IN_A_QUARTER) == (10, 0)
    assert expire_due(tx, IN_A_QUARTER) == 1
    assert ladders(tx, ana) == {POINTS: [(IN_A_YEAR, 10)]}
    assert expire_due(tx, IN_A_YEAR) == 1
    assert (ladders(tx, ana), check_all(tx, IN_A_YEAR)) == ({}, [])


def test_a_purchase_that_gives_a_star_puts_off_the_idle_stars(tx):
    ana = open_at(tx, stars=[IDLE])
    buy(tx, ana, 100_00, JUNE + 40 * DAY)
    end = datetime(2026, 9, 25, 21, tzinfo=UTC)
    assert ladders(tx, ana)[STARS] == [(end, 2)]
    assert expire_due(tx, end - timedelta(seconds=1)) == 0
    assert expire_due(tx, end) == 1
    assert (spendable(tx, ana, end), check_all(tx, end)) == ((20, 0), [])


def change(tx, unit, *policies, now=JUNE):
    change_expiry(tx, policies, "cli:eva", now, unit)


def test_changing_one_unit_leaves_the_dates_of_the_other(tx):
    ana = open_at(tx)
    change(tx, STARS, MONTH)
    in_a_month = datetime(2026, 7, 15, 21, tzinfo=UTC)
    assert ladders(tx, ana) == {POINTS: [(IN_A_YEAR, 10)], STARS: [(in_a_month, 1)]}
    change(tx, POINTS)
    assert ladders(tx, ana) == {STARS: [(in_a_month, 1)]}
    policies = get_programme(tx).policies
    assert (policies.expiry_of(POINTS), policies.expiry_of(STARS)) == ((), (MONTH,))
    assert check_all(tx, JUNE) == []


def test_stars_that_follow_are_changed_with_the_points_and_may_follow_again(tx):
    ana = open_at(tx)
    change(tx, POINTS, MONTH)
    assert {ladder[0][0].month for ladder in ladders(tx, ana).values()} == {7}
    change(tx, STARS)
    assert set(ladders(tx, ana)) == {POINTS}
    change_expiry(tx, None, "cli:eva", JUNE, STARS)
    assert set(ladders(tx, ana)) == {POINTS, STARS}
    assert get_programme(tx).policies.unit_expiry == {}


def test_what_would_be_lost_is_told_for_one_unit(tx):
    ana = open_at(tx, stars=[QUARTER])
    assert forecast_expiry(tx, None, JUNE).losers == ()
    found = forecast_expiry(tx, None, JUNE, STARS)
    assert found.losers == (Loser(ana, 1, date(2026, 9, 15)),)
    month = ExpiryPolicy(ExpiryKind.MONTHS, 6, ExpiryRounding.MONTH)
    assert forecast_expiry(tx, [month], JUNE).losers == (Loser(ana, 10, date(2026, 12, 31)),)


@pytest.mark.parametrize(("unit", "policies"), [("pearls", (MONTH,)), (POINTS, None)])
def test_no_unit_and_nothing_to_follow_is_refused(tx, unit, policies):
    open_at(tx)
    with pytest.raises(ExpiryInvalid):
        change_expiry(tx, policies, "cli:eva", JUNE, unit)
