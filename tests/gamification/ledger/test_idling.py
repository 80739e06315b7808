"""Points that expire for want of a purchase: whoever comes back in time keeps them all."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from server.core.outbox import OUTBOX
from server.gamification.activities.pipeline import record_purchase
from server.gamification.holds.service import capture_hold, release_hold
from server.gamification.invariants.service import check_all
from server.gamification.ledger.queries import spendable_now
from server.gamification.ledger.service import adjust
from server.gamification.ledger.sweeping import expire_due
from server.gamification.points.ladders import expiry_ladder
from server.gamification.points.rules import term_of
from server.gamification.programme.types import POINTS
from tests.builders.purchases import (
    add_member,
    balances,
    buy,
    cause,
    give,
    hold,
    hold_cause,
    kinds,
    open_shop,
    purchase,
    recording,
    wallet,
)

JUNE = datetime(2026, 6, 10, 9, tzinfo=UTC)
POLICIES = [{"kind": "inactivity", "months": 6}]


def on(text, hour=9):
    return datetime.fromisoformat(f"{text}T{hour:02}:00").replace(tzinfo=UTC)


@pytest.fixture
def ana(tx):
    open_shop(tx, JUNE, expiry=POLICIES)
    return add_member(tx, JUNE)


def idle_at(tx, member_id):
    return wallet(tx, member_id)["idle_at"]


def gift(tx, member_id, amount, now):
    """Points by hand, with the dates that the programme gives them."""
    programme = recording(tx, now).configuration.programme
    adjust(tx, member_id, POINTS, amount, cause(now), term_of(programme, now, now))


def test_every_purchase_puts_the_day_off(tx, ana):
    buy(tx, ana, 100_00, JUNE)
    assert idle_at(tx, ana) == on("2026-12-10", 22)
    buy(tx, ana, 100_00, on("2026-09-01"))
    assert idle_at(tx, ana) == on("2027-03-01", 22)
    buy(tx, ana, 1, on("2026-09-02"))  # earns nothing and counts all the same
    assert idle_at(tx, ana) == on("2027-03-02", 22)
    assert expiry_ladder(tx, ana, POINTS) == [(on("2027-03-02", 22), 20)]
    assert check_all(tx, on("2026-09-02")) == []


def test_a_purchase_reported_late_never_brings_the_day_closer(tx, ana):
    buy(tx, ana, 100_00, on("2026-09-01"))
    late = recording(tx, on("2026-09-02"))
    record_purchase(tx, purchase(ana, 50_00, JUNE), late)
    assert idle_at(tx, ana) == on("2027-03-01", 22)


def test_idle_points_are_gone_at_the_instant_before_any_sweep(tx, ana):
    buy(tx, ana, 100_00, JUNE)
    end = on("2026-12-10", 22)
    assert spendable_now(tx, ana, POINTS, end - timedelta(microseconds=1)) == 10
    assert spendable_now(tx, ana, POINTS, end) == 0
    assert expire_due(tx, end - timedelta(microseconds=1)) == 0
    assert expire_due(tx, end) == 1
    assert expire_due(tx, end) == 0
    assert kinds(tx, ana) == [("accrual", 10), ("expiry", 10)]
    told = select(OUTBOX.c.payload).where(OUTBOX.c.topic == "points.expired")
    (payload,) = tx.execute(told).scalars()
    assert (payload["amount"], payload["reason"]) == (10, "inactivity")
    assert payload["at"] == "2026-12-10T22:00:00Z"
    assert check_all(tx, end) == []


def test_whoever_buys_too_late_begins_anew(tx, ana):
    buy(tx, ana, 100_00, JUNE)
    buy(tx, ana, 30_00, on("2027-01-05"))
    assert balances(tx, ana) == (3, 0, 0, 0)
    assert idle_at(tx, ana) == on("2027-07-05", 21)
    assert kinds(tx, ana) == [("accrual", 10), ("expiry", 10), ("accrual", 3)]
    assert check_all(tx, on("2027-01-05")) == []


def test_a_gift_does_not_put_the_day_off_but_is_not_lost_at_once(tx, ana):
    buy(tx, ana, 100_00, JUNE)
    gift(tx, ana, 5, on("2026-12-01"))
    assert idle_at(tx, ana) == on("2026-12-10", 22)
    gift(tx, ana, 5, on("2026-12-20"))
    assert balances(tx, ana) == (5, 0, 0, 0)
    assert idle_at(tx, ana) == on("2027-06-20", 21)


def test_the_earlier_date_wins(tx):
    open_shop(tx, JUNE, expiry=[*POLICIES, {"kind": "months", "months": 8}])
    ana = add_member(tx, JUNE)
    buy(tx, ana, 100_00, JUNE)
    assert expiry_ladder(tx, ana, POINTS) == [(on("2026-12-10", 22), 10)]
    buy(tx, ana, 50_00, on("2026-09-10"))
    assert expiry_ladder(tx, ana, POINTS) == [
        (on("2027-02-10", 22), 10),
        (on("2027-03-10", 22), 5),
    ]


def test_a_hold_over_the_day_saves_points_once_and_for_a_short_time(tx, ana):
    buy(tx, ana, 100_00, JUNE)
    end = on("2026-12-10", 22)
    first = hold(tx, ana, 4, end - timedelta(minutes=5))
    release_hold(tx, first.id, hold_cause(first.id, end))
    assert balances(tx, ana) == (4, 0, 0, 0)
    grace = end + timedelta(days=15)
    assert expiry_ladder(tx, ana, POINTS) == [(grace, 4)]
    second = hold(tx, ana, 4, grace - timedelta(minutes=5))
    release_hold(tx, second.id, hold_cause(second.id, grace))
    expire_due(tx, grace)
    assert balances(tx, ana) == (0, 0, 0, 0)
    assert check_all(tx, grace) == []


def test_held_points_are_spent_although_the_rest_expired(tx, ana):
    buy(tx, ana, 100_00, JUNE)
    end = on("2026-12-10", 22)
    held = hold(tx, ana, 4, end - timedelta(minutes=5))
    expire_due(tx, end)
    capture_hold(tx, held.id, None, hold_cause(held.id, end))
    assert balances(tx, ana) == (0, 0, 0, 0)
    assert kinds(tx, ana)[-2:] == [("expiry", 6), ("capture", 4)]
    assert check_all(tx, end) == []


def test_points_by_hand_without_a_date_idle_with_the_rest(tx, ana):
    give(tx, ana, 5, JUNE)
    assert idle_at(tx, ana) is None
    buy(tx, ana, 10_00, JUNE)
    assert expiry_ladder(tx, ana, POINTS) == [(on("2026-12-10", 22), 6)]
