"""The nightly sweeps: they write what would be written anyway, however often and late they run."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import TRANSFER
from server.gamification.ledger.service import adjust, open_book, save_book
from server.gamification.ledger.sweeping import expire_due, mature_due
from server.gamification.ledger.types import Term
from server.gamification.programme.types import POINTS
from tests.builders.purchases import (
    NOW,
    add_member,
    balances,
    cause,
    give,
    give_back,
    hold,
    kinds,
    open_shop,
    wallet,
)
from tests.builders.purchases import buy as buy_at_till

DAY = timedelta(days=1)


@pytest.fixture
def ana(tx):
    open_shop(tx)
    return add_member(tx)


def give_later(tx, member_id, amount, days, expires=None, now=NOW):
    """Points that can be used in some days and expire after some more."""
    until = now + expires * DAY if expires else None
    adjust(tx, member_id, POINTS, amount, cause(now), Term(now + days * DAY, until))


def sweep(tx, now, limit=2000):
    """What the night does: first all that matures, then all that expires; how many wallets."""
    seen = []
    for each in (mature_due, expire_due):
        while found := each(tx, now, limit):
            seen.append(found)
    return seen


def touch(tx, member_id, now):
    book = open_book(tx, member_id, POINTS, now)
    save_book(tx, book)
    return book


def story(tx, member_id):
    """A member's movements but for their ids and when they were written down."""
    of_wallet = TRANSFER.c.wallet_id == wallet(tx, member_id)["id"]
    rows = tx.execute(select(TRANSFER).where(of_wallet).order_by(TRANSFER.c.wallet_version))
    return [
        (row.kind, row.amount, row.balance_after, row.occurred_at, row.actor, row.ref_kind)
        for row in rows
    ]


def test_points_expire_and_mature_on_their_day(tx, ana):
    give(tx, ana, 30, expires_at=NOW + DAY)
    give_later(tx, ana, 5, days=2)
    assert sweep(tx, NOW + DAY - timedelta(microseconds=1)) == []
    assert sweep(tx, NOW + DAY) == [1]
    assert balances(tx, ana) == (0, 5, 0, 0)
    assert sweep(tx, NOW + 2 * DAY) == [1]
    assert balances(tx, ana) == (5, 0, 0, 0)
    assert check_all(tx, NOW + 2 * DAY) == []


def test_a_second_sweep_finds_nothing(tx, ana):
    give(tx, ana, 30, expires_at=NOW + DAY)
    sweep(tx, NOW + 2 * DAY)
    before = story(tx, ana)
    assert sweep(tx, NOW + 2 * DAY) == []
    assert sweep(tx, NOW + 3 * DAY) == []
    assert story(tx, ana) == before


def test_many_members_are_swept_a_few_at_a_time(tx):
    open_shop(tx)
    members = [add_member(tx) for _ in range(7)]
    for number, member_id in enumerate(members):
        give(tx, member_id, 10 + number, expires_at=NOW + DAY)
        give_later(tx, member_id, 3, days=1)
    assert sweep(tx, NOW + DAY, limit=3) == [3, 3, 1, 3, 3, 1]
    assert [balances(tx, member_id) for member_id in members] == [(3, 0, 0, 0)] * 7
    assert check_all(tx, NOW + DAY) == []


def test_maturing_leaves_what_expires_later_for_the_end_of_the_night(tx, ana):
    """Gifts that are claimed by themselves come in between."""
    give(tx, ana, 8, expires_at=NOW + 2 * DAY)
    give(tx, ana, 4, expires_at=NOW + DAY)
    give_later(tx, ana, 5, days=2, expires=9)
    assert mature_due(tx, NOW + 2 * DAY) == 1
    assert kinds(tx, ana)[3:] == [("expiry", 4), ("maturity", 5)]
    assert expire_due(tx, NOW + 2 * DAY) == 1
    assert kinds(tx, ana)[5:] == [("expiry", 8)]


def test_points_that_are_held_do_not_expire_with_the_rest(tx, ana):
    give(tx, ana, 30, expires_at=NOW + DAY)
    hold(tx, ana, 10)
    sweep(tx, NOW + DAY)
    assert balances(tx, ana) == (0, 0, 10, 0)
    assert check_all(tx, NOW + DAY) == []


def test_points_that_mature_pay_a_debt_and_what_is_left_expires(tx, ana):
    bought = buy_at_till(tx, ana, 60_00)
    give(tx, ana, -6)
    give_later(tx, ana, 6, days=2, expires=3)
    give_later(tx, ana, 3, days=2, expires=4)
    give_back(tx, bought)
    sweep(tx, NOW + 9 * DAY)
    assert balances(tx, ana) == (0, 0, 0, 0)
    assert kinds(tx, ana)[-3:] == [("maturity", 9), ("settlement", 6), ("expiry", 3)]
    assert check_all(tx, NOW + 9 * DAY) == []


@pytest.mark.parametrize("seed", range(12))
def test_however_often_the_sweep_runs_the_movements_are_the_same(tx, seed):
    """Never, every night, or now and then at odd hours; the last sweep catches up with all."""
    open_shop(tx)
    dice = random.Random(seed)
    never, nightly, sometimes = members = [add_member(tx) for _ in range(3)]
    days = [(dice.randint(0, 9), dice.randint(1, 12), dice.randint(1, 50)) for _ in range(9)]
    for member_id in members:
        for pending, life, amount in days:
            give_later(tx, member_id, amount, pending, pending + life)
    for day in range(25):
        now = NOW + day * DAY
        touch(tx, nightly, now)
        if dice.random() < 0.3:
            touch(tx, sometimes, now + timedelta(hours=dice.randint(-11, 11)))
    assert story(tx, never) != story(tx, nightly)
    sweep(tx, NOW + 30 * DAY, limit=2)
    assert story(tx, never) == story(tx, nightly) == story(tx, sometimes)
    assert check_all(tx, NOW + 30 * DAY) == []


def test_sweeping_before_a_movement_changes_nothing_else(tx):
    open_shop(tx)
    late, stories = NOW + 5 * DAY, []
    for is_swept in (True, False):
        member_id = add_member(tx)
        give(tx, member_id, 30, expires_at=NOW + DAY)
        give_later(tx, member_id, 12, days=2, expires=4)
        give_later(tx, member_id, 9, days=3, expires=40)
        assert bool(is_swept and sweep(tx, late)) is is_swept
        give(tx, member_id, -5, late)
        assert balances(tx, member_id) == (4, 0, 0, 0)
        stories.append(story(tx, member_id))
    assert stories[0] == stories[1]
