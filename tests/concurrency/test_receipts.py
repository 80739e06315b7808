"""The same receipt, the same return, the same wallets: at once and in every order."""

from datetime import timedelta

from sqlalchemy import func, select

from server.gamification.activities.errors import DuplicateMismatch, ReturnExceedsSale
from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.pipeline import record_purchase, record_purchases
from server.gamification.activities.returns import return_purchase
from server.gamification.activities.types import Outcome, Return, ReturnOutcome
from server.gamification.ledger.errors import HoldResolved
from server.gamification.proofs.checkpoints import take_checkpoint
from server.gamification.proofs.types import Checkpoint
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
    fields = {"external_id": "receipt-of-two"}
    works = [recorded(purchase(who, 100_00, **fields)) for who in (ana, ben)] * 4
    results = rush(app, works)
    assert len(refused(results, DuplicateMismatch)) == 4
    outcomes = [result for result in results if isinstance(result, Outcome)]
    assert sorted(duplicates(outcomes)) == [False, True, True, True]
    assert_sound(app, NOW)


def test_a_receipt_with_redemptions_sent_twice_at_once_captures_once(app):
    (ana,) = shop_with_members(app, 1)
    once(app, lambda tx: give(tx, ana, 100))
    holds = [once(app, lambda tx: hold(tx, ana, 20)) for _ in range(2)]
    fields = {"external_id": "receipt-paid-with-points"}
    works = [recorded(purchase(ana, 50_00, redemption_ids=(one.id,), **fields)) for one in holds]
    results = rush(app, works * 3)
    assert refused(results, HoldResolved) == []
    assert sorted(duplicates(results)) == [False] + [True] * 5
    assert once(app, lambda tx: balances(tx, ana)) == (65, 0, 20, 0)
    assert_sound(app, NOW)


def test_a_return_sent_twice_at_once_takes_back_once(app):
    (ana,) = shop_with_members(app, 1)
    bought = once(app, lambda tx: buy(tx, ana, 100_00))
    back = Return("refund-1", amount_minor=40_00)
    work = lambda tx: return_purchase(tx, bought.activity_id, back, recording(tx))  # noqa: E731
    results = rush(app, [work] * 6)
    assert sorted(duplicates(results)) == [False] + [True] * 5
    assert {result.points_taken for result in results} == {4}
    assert once(app, lambda tx: balances(tx, ana)) == (6, 0, 0, 0)
    assert_sound(app, NOW)


def test_full_returns_under_many_names_take_back_once(app):
    (ana,) = shop_with_members(app, 1)
    bought = once(app, lambda tx: buy(tx, ana, 100_00))
    works = [
        lambda tx, n=n: return_purchase(tx, bought.activity_id, Return(f"r{n}"), recording(tx))
        for n in range(6)
    ]
    results = rush(app, works)
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
    assert [once(app, lambda tx, m=m: balances(tx, m)[0]) for m in members] == [20] * 4
    assert_sound(app, NOW)


def test_purchases_and_returns_of_one_member_at_once(app):
    (ana,) = shop_with_members(app, 1)
    bought = once(app, lambda tx: buy(tx, ana, 100_00))
    later = NOW + timedelta(minutes=1)
    works = [recorded(purchase(ana, 10_00)) for _ in range(10)]
    works += [
        lambda tx, n=n: return_purchase(
            tx, bought.activity_id, Return(f"p{n}", amount_minor=10_00), recording(tx, later)
        )
        for n in range(10)
    ]
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
