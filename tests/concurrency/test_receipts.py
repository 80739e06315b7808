"""The same receipt, the same return, the same wallets: at once and in every order."""

from datetime import timedelta

from sqlalchemy import func, select

from server.gamification.activities.errors import DuplicateMismatch, ReturnExceedsSale
from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.pipeline import record_purchase, record_purchases
from server.gamification.activities.types import Outcome, Return, ReturnOutcome
from server.gamification.holds.errors import HoldResolved
from server.gamification.proofs.checkpoints import take_checkpoint
from server.gamification.proofs.types import Checkpoint
from server.gamification.returns.service import return_purchase
from tests.builders.members import VAULT
from tests.builders.purchases import (
    NOW,
    add_member,
    balances,
    buy,
    give,
    hold,
    open_shop,
    purchase,
    recording,
)
from tests.concurrency.crowd import assert_sound, once, refused, rush


def shop_with_members(app, members):
    once(app, open_shop)
    return [once(app, add_member) for _ in range(members)]


def recorded(bought):
    return lambda tx: record_purchase(tx, bought, recording(tx))


def returned(bought, back, now=NOW):
    return lambda tx: return_purchase(tx, bought.activity_id, back, recording(tx, now))


def duplicates(results):
    return [result.is_duplicate for result in results]


def test_a_receipt_sent_by_many_at_once_is_awarded_once(app):
    (ana,) = shop_with_members(app, 1)
    bought = purchase(ana, 100_00)
    results = rush(app, [recorded(bought)] * 8)
    assert sorted(duplicates(results)) == [False] + [True] * 7
    assert len({result.activity_id for result in results}) == 1
    assert once(app, lambda tx: balances(tx, ana)) == (10, 0, 0, 0)
    assert_sound(app, NOW)


def test_a_receipt_of_two_members_at_once_belongs_to_one(app):
    ana, ben = shop_with_members(app, 2)
    receipts = [purchase(who, 100_00, external_id="receipt-of-two") for who in (ana, ben)]
    works = [recorded(bought) for bought in receipts] * 4
    results = rush(app, works)
    assert len(refused(results, DuplicateMismatch)) == 4
    outcomes = [result for result in results if isinstance(result, Outcome)]
    assert sorted(duplicates(outcomes)) == [False, True, True, True]
    assert_sound(app, NOW)


def test_a_receipt_with_redemptions_sent_twice_at_once_captures_once(app):
    (ana,) = shop_with_members(app, 1)
    once(app, lambda tx: give(tx, ana, 100))
    holds = [once(app, lambda tx: hold(tx, ana, 20)) for _ in range(2)]
    receipts = [
        purchase(ana, 50_00, redemption_ids=(one.id,), external_id="receipt-paid-with-points")
        for one in holds
    ]
    works = [recorded(bought) for bought in receipts]
    results = rush(app, works * 3)
    assert refused(results, HoldResolved) == []
    others = refused(results, DuplicateMismatch)
    assert len(others) == 3
    taken = [result for result in results if result not in others]
    assert sorted(duplicates(taken)) == [False, True, True]
    assert once(app, lambda tx: balances(tx, ana)) == (65, 0, 20, 0)
    assert_sound(app, NOW)


def test_a_return_sent_twice_at_once_takes_back_once(app):
    (ana,) = shop_with_members(app, 1)
    bought = once(app, lambda tx: buy(tx, ana, 100_00))
    results = rush(app, [returned(bought, Return("refund-1", amount_minor=40_00))] * 6)
    assert sorted(duplicates(results)) == [False] + [True] * 5
    assert {result.points_taken for result in results} == {4}
    assert once(app, lambda tx: balances(tx, ana)) == (6, 0, 0, 0)
    assert_sound(app, NOW)


def test_full_returns_under_many_names_take_back_once(app):
    (ana,) = shop_with_members(app, 1)
    bought = once(app, lambda tx: buy(tx, ana, 100_00))
    results = rush(app, [returned(bought, Return(f"refund-{n}")) for n in range(6)])
    assert len(refused(results, ReturnExceedsSale)) == 5
    assert [r.points_taken for r in results if isinstance(r, ReturnOutcome)] == [10]
    assert once(app, lambda tx: balances(tx, ana)) == (0, 0, 0, 0)
    assert_sound(app, NOW)


def test_purchases_of_same_and_different_members_in_opposite_order(app):
    members = shop_with_members(app, 4)

    def batch(number):
        order = members if number % 2 else members[::-1]
        bought = [purchase(member, 10_00, external_id=f"{number}-{member}") for member in order]
        return lambda tx: record_purchases(tx, bought, recording(tx))

    results = rush(app, [batch(number) for number in range(20)])
    assert all(isinstance(one, Outcome) for result in results for one in result)
    count = select(func.count()).select_from(ACTIVITY)
    assert once(app, lambda tx: tx.execute(count).scalar_one()) == 80
    assert once(app, lambda tx: [balances(tx, member)[0] for member in members]) == [20] * 4
    assert_sound(app, NOW)


def test_purchases_and_returns_of_one_member_at_once(app):
    (ana,) = shop_with_members(app, 1)
    bought = once(app, lambda tx: buy(tx, ana, 100_00))
    later = NOW + timedelta(minutes=1)
    works = [recorded(purchase(ana, 10_00)) for _ in range(10)]
    parts = [Return(f"part-{n}", amount_minor=10_00) for n in range(10)]
    works += [returned(bought, part, later) for part in parts]
    results = rush(app, works)
    assert all(isinstance(result, Outcome | ReturnOutcome) for result in results)
    assert once(app, lambda tx: balances(tx, ana)) == (10, 0, 0, 0)
    assert_sound(app, later)


def test_checkpoints_taken_at_once_are_one_line(app):
    (ana,) = shop_with_members(app, 1)
    once(app, lambda tx: buy(tx, ana, 100_00))
    results = rush(app, [lambda tx: take_checkpoint(tx, VAULT, NOW)] * 4)
    taken = [result for result in results if isinstance(result, Checkpoint)]
    assert [one.number for one in taken] == [1]
    assert_sound(app, NOW)
