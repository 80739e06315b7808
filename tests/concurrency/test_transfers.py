"""Many give each other points at once: nothing is lost, nobody waits for ever."""

from datetime import timedelta

from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.transfers.errors import TransferLimitReached
from server.gamification.transfers.service import give_away
from server.gamification.transfers.types import Giving, MemberTransfer
from tests.builders.purchases import NOW, add_member, balances, give, open_shop
from tests.concurrency.crowd import assert_sound, once, refused, rush

OLD = NOW - timedelta(days=9)
FREELY = {"account_days_min": 0, "most_per_day": 100_000}


def two_members(tx, *points, **settings):
    open_shop(tx, transfers={**FREELY, **settings})
    members = []
    for amount in points:
        members.append(add_member(tx, OLD))
        if amount:
            give(tx, members[-1], amount, OLD)
    return members


def passing(sender, recipient, amount):
    return lambda tx: give_away(tx, Giving(sender, recipient, "points", amount), NOW)


def test_fifty_threads_give_both_ways(app):
    ana, ben = once(app, lambda tx: two_members(tx, 200, 100))
    works = [passing(ana, ben, 3), passing(ben, ana, 5)] * 25
    results = rush(app, works)
    done = [result for result in results if isinstance(result, MemberTransfer)]
    assert len(done) == 50
    assert once(app, lambda tx: balances(tx, ana)) == (200 - 75 + 125, 0, 0, 0)
    assert once(app, lambda tx: balances(tx, ben)) == (100 + 75 - 125, 0, 0, 0)
    assert_sound(app, NOW)


def test_nobody_gives_more_than_there_is(app):
    ana, ben = once(app, lambda tx: two_members(tx, 20, 0))
    results = rush(app, [passing(ana, ben, 7)] * 10)
    assert len(refused(results, BalanceInsufficient)) == 8
    assert once(app, lambda tx: balances(tx, ben)) == (14, 0, 0, 0)
    assert_sound(app, NOW)


def test_the_limit_of_a_day_holds_in_a_crowd(app):
    ana, ben = once(app, lambda tx: two_members(tx, 100, 0, most_per_day=30))
    results = rush(app, [passing(ana, ben, 10)] * 10)
    assert len(refused(results, TransferLimitReached)) == 7
    assert once(app, lambda tx: balances(tx, ana)) == (70, 0, 0, 0)
    assert_sound(app, NOW)
