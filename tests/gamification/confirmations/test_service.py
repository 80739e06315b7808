"""Purchases that await confirmation: confirmed once, in time, or cancelled."""

from datetime import UTC, datetime, timedelta

import pytest

from server.core.errors import NotFound
from server.gamification.activities.queries import get_purchase
from server.gamification.confirmations.cancelling import cancel_unconfirmed
from server.gamification.confirmations.errors import ConfirmationLate, NotAwaited, TransactionClosed
from server.gamification.confirmations.service import confirm_purchase
from server.gamification.invariants.service import check_all
from server.gamification.ledger.sweeping import mature_due
from server.gamification.points.ladders import expiry_ladder
from server.gamification.programme.types import POINTS
from server.gamification.screens.history import list_returns
from tests.builders.purchases import (
    NOW,
    add_member,
    balances,
    buy,
    give_back,
    kinds,
    open_shop,
    recording,
)

DAY = timedelta(days=1)
LAST = datetime(2026, 12, 22, 22, tzinfo=UTC)
"""The end of the thirtieth day in Tallinn."""


@pytest.fixture
def ana(tx):
    open_shop(tx)
    return add_member(tx)


def order(tx, member_id, minor=100_00, **fields):
    return buy(tx, member_id, minor, awaits_confirmation=True, **fields)


def confirm(tx, bought, now=NOW + DAY):
    return confirm_purchase(tx, bought.activity_id, recording(tx, now))


def state(tx, bought):
    return get_purchase(tx, bought.activity_id).state


def test_points_wait_for_the_confirmation_and_for_nothing_else(tx, ana):
    bought = order(tx, ana)
    assert (bought.state, balances(tx, ana)) == ("pending", (0, 10, 0, 0))
    assert mature_due(tx, NOW + 1000 * DAY) == 0
    assert expiry_ladder(tx, ana, POINTS) == []
    found = confirm(tx, bought)
    assert (found.is_repeated, found.row.state, found.wallet.available) == (False, "settled", 10)
    assert kinds(tx, ana) == [("accrual", 10), ("maturity", 10)]
    assert check_all(tx, NOW + DAY) == []


def test_confirming_twice_has_one_effect(tx, ana):
    bought = order(tx, ana)
    first, second = confirm(tx, bought), confirm(tx, bought, NOW + 5 * DAY)
    assert second.is_repeated
    assert (first.row.confirmed_at, first.row.trace) == (second.row.confirmed_at, second.row.trace)
    assert balances(tx, ana) == (10, 0, 0, 0)


def test_a_confirmation_does_not_wait_for_the_pending_days(tx):
    open_shop(tx, pending_days=14)
    ana = add_member(tx)
    confirm(tx, order(tx, ana))
    assert balances(tx, ana) == (10, 0, 0, 0)


def test_the_programme_says_what_the_till_does_not(tx):
    open_shop(tx, awaits_confirmation=True)
    ana = add_member(tx)
    assert buy(tx, ana, 10_00).state == "pending"
    assert buy(tx, ana, 10_00, awaits_confirmation=False).state == "settled"


def test_what_came_back_is_not_confirmed(tx, ana):
    bought = order(tx, ana)
    give_back(tx, bought, 30_00)
    assert balances(tx, ana) == (0, 7, 0, 0)
    assert confirm(tx, bought).row.state == "partly_returned"
    assert balances(tx, ana) == (7, 0, 0, 0)
    other = order(tx, ana)
    give_back(tx, other)
    with pytest.raises(TransactionClosed):
        confirm(tx, other)
    assert check_all(tx, NOW + DAY) == []


def test_what_does_not_wait_is_not_confirmed(tx, ana):
    with pytest.raises(NotAwaited):
        confirm(tx, buy(tx, ana, 100_00))
    with pytest.raises(NotFound):
        confirm_purchase(tx, "act_none", recording(tx))


def test_a_late_confirmation_is_refused_whether_or_not_the_job_ran(tx, ana):
    bought, other = order(tx, ana), order(tx, ana)
    confirm(tx, other, LAST - timedelta(microseconds=1))
    with pytest.raises(ConfirmationLate):
        confirm(tx, bought, LAST)
    assert cancel_unconfirmed(tx, LAST - timedelta(microseconds=1)) == 0
    assert cancel_unconfirmed(tx, LAST) == 1
    assert cancel_unconfirmed(tx, LAST) == 0
    assert (state(tx, bought), state(tx, other)) == ("cancelled", "settled")
    (back,) = list_returns(tx, bought.activity_id)
    assert (back.actor, back.points_taken) == ("system:unconfirmed", 10)
    assert balances(tx, ana) == (10, 0, 0, 0)
    assert check_all(tx, LAST) == []


def test_unconfirmed_purchases_are_cancelled_a_few_at_a_time(tx, ana):
    orders = [order(tx, ana, 10_00) for _ in range(5)]
    assert [cancel_unconfirmed(tx, LAST, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert {state(tx, bought) for bought in orders} == {"cancelled"}
    assert balances(tx, ana) == (0, 0, 0, 0)


def test_points_confirmed_at_the_last_moment_are_good_for_a_while(tx):
    expiry = [{"kind": "fixed_date", "on": "2026-12-01"}, {"kind": "inactivity", "months": 1}]
    open_shop(tx, expiry=expiry)
    ana = add_member(tx)
    confirm(tx, order(tx, ana), LAST - timedelta(seconds=1))
    assert expiry_ladder(tx, ana, POINTS) == [(datetime(2027, 1, 6, 22, tzinfo=UTC), 10)]


def test_two_workers_cancel_once(tx, ana):
    """The second looks again under the lock and finds it done."""
    bought = order(tx, ana)
    cancel_unconfirmed(tx, LAST)
    cancel_unconfirmed(tx, LAST)
    assert len(list_returns(tx, bought.activity_id)) == 1
