"""Wishes: told once when there is enough, however points came in, and never too early."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.db import reading, transaction
from server.core.outbox import OUTBOX
from server.gamification.definitions.service import pause
from server.gamification.ledger.service import adjust
from server.gamification.ledger.types import Term
from server.gamification.programme.queries import current_revision
from server.gamification.rewards.catalogue import get_catalogue
from server.gamification.rewards.settings import REWARDS
from server.gamification.rewards.wishes import tell_if_affordable, unwish, wish
from server.jobs import tell_wishes
from tests.builders.purchases import NOW, add_member, cause, give, open_shop
from tests.builders.rewards import EVA, offer
from tests.concurrency.crowd import once, rush

DAY = timedelta(days=1)


@pytest.fixture
def shop(app):
    """Ana wishes for a coffee of 30 points; Ben has as many and wishes for nothing."""
    with app.app_context():
        with transaction() as tx:
            open_shop(tx)
            ana, ben = add_member(tx), add_member(tx)
            coffee = offer(tx)
            wish(tx, ana, coffee, NOW)
            give(tx, ben, 30)
        yield ana, coffee


def told():
    with reading() as tx:
        rows = tx.execute(select(OUTBOX).where(OUTBOX.c.topic == "reward.affordable"))
        return [(row.member_id, row.payload["reward_id"]) for row in rows]


def get(member_id, amount, days=None):
    with transaction() as tx:
        give(tx, member_id, amount, expires_at=NOW + days * DAY if days else None)


def test_a_wish_is_told_once_when_there_is_enough(shop):
    ana, coffee = shop
    get(ana, 29)
    assert tell_wishes.run(now=NOW) == 0
    get(ana, 1)
    assert [tell_wishes.run(now=NOW) for _ in range(2)] == [1, 0]
    assert told() == [(ana, coffee)]
    get(ana, -5)
    get(ana, 10)
    assert tell_wishes.run(now=NOW) == 0


def test_a_wish_made_anew_is_told_anew(shop):
    ana, coffee = shop
    get(ana, 30)
    assert tell_wishes.run(now=NOW) == 1
    with transaction() as tx:
        unwish(tx, ana, coffee)
        wish(tx, ana, coffee, NOW + DAY)
    assert tell_wishes.run(now=NOW + DAY) == 1


def test_points_past_their_date_are_not_there(shop):
    ana, _ = shop
    get(ana, 30, days=1)
    assert tell_wishes.run(now=NOW + DAY) == 0
    assert told() == []


def test_every_part_of_a_price_must_be_there(shop):
    ana, _ = shop
    with transaction() as tx:
        both = offer(tx, "both", price={"points": 30, "stars": 2})
        wish(tx, ana, both, NOW)
    get(ana, 30)
    assert tell_wishes.run(now=NOW) == 1
    with transaction() as tx:
        adjust(tx, ana, "stars", 2, cause(), Term(NOW, None))
    assert tell_wishes.run(now=NOW) == 1
    assert told()[1] == (ana, both)


def test_a_reward_that_is_not_offered_is_not_told(shop):
    ana, coffee = shop
    get(ana, 30)
    with transaction() as tx:
        pause(tx, REWARDS, coffee, EVA, NOW)
    assert tell_wishes.run(now=NOW) == 0


def test_a_wish_is_told_once_by_many_who_look(app, shop):
    ana, coffee = shop
    get(ana, 30)
    reward = once(app, lambda tx: get_catalogue(tx, current_revision(tx)).get(coffee))
    results = rush(app, [lambda tx: tell_if_affordable(tx, ana, reward, NOW)] * 8)
    assert sorted(results) == [False] * 7 + [True]
    assert told() == [(ana, coffee)]


def test_before_there_is_a_programme_nothing_is_told(app):
    with app.app_context():
        assert tell_wishes.run(now=NOW) == 0
