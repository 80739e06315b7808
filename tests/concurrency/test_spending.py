"""Many at once after the same points: exact results, no more and no less than there is."""

from datetime import timedelta

from server.gamification.holds.errors import HoldResolved
from server.gamification.holds.service import capture_hold, release_hold
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.service import open_book, save_book
from server.gamification.programme.types import POINTS
from tests.builders.purchases import (
    NOW,
    add_member,
    balances,
    by_hand,
    give,
    hold,
    hold_cause,
    open_shop,
)
from tests.concurrency.crowd import assert_sound, once, refused, rush


def rich_member(tx, lots=10, points=10):
    """A member with `lots` lots of `points` each, expiring one day after another."""
    open_shop(tx)
    member_id = add_member(tx)
    for days in range(1, lots + 1):
        give(tx, member_id, points, expires_at=NOW + timedelta(days=days))
    return member_id


def spending(member_id, amount):
    def spend(tx):
        book = open_book(tx, member_id, POINTS, NOW)
        book.spend(amount, by_hand(tx, member_id, -amount))
        save_book(tx, book)
        return amount

    return spend


def test_fifty_threads_spend_the_same_lots(app):
    member_id = once(app, rich_member)
    results = rush(app, [spending(member_id, 7)] * 50)
    assert len(refused(results, BalanceInsufficient)) == 36
    assert sum(result for result in results if isinstance(result, int)) == 98
    assert once(app, lambda tx: balances(tx, member_id)) == (2, 0, 0, 0)
    assert_sound(app, NOW)


def test_the_last_points_are_spent_once(app):
    member_id = once(app, lambda tx: rich_member(tx, lots=1))
    results = rush(app, [spending(member_id, 10)] * 2)
    assert len(refused(results, BalanceInsufficient)) == 1
    assert results.count(10) == 1
    assert once(app, lambda tx: balances(tx, member_id)) == (0, 0, 0, 0)
    assert_sound(app, NOW)


def test_a_hold_captured_and_released_at_once_resolves_once(app):
    member_id = once(app, rich_member)
    holds = [once(app, lambda tx: hold(tx, member_id, 10)) for _ in range(5)]
    works = [
        work
        for one in holds
        for work in (
            lambda tx, one=one: capture_hold(tx, one.id, 4, hold_cause(one.id)),
            lambda tx, one=one: release_hold(tx, one.id, hold_cause(one.id)),
        )
    ]
    results = rush(app, works)
    captures = sum(isinstance(result, str) for result in results)
    assert len(refused(results, HoldResolved)) == 5
    assert once(app, lambda tx: balances(tx, member_id)) == (100 - 4 * captures, 0, 0, 0)
    assert_sound(app, NOW)


def test_holds_and_spending_share_what_there_is(app):
    member_id = once(app, rich_member)
    works = [lambda tx: hold(tx, member_id, 9).amount, spending(member_id, 9)] * 10
    results = rush(app, works)
    assert sum(result for result in results if isinstance(result, int)) == 99
    assert len(refused(results, BalanceInsufficient)) == 9
    assert_sound(app, NOW)
