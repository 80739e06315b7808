"""Full star cards are exchanged in the night: those of stars that matured, once, however late."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from server.core.db import reading, transaction
from server.core.outbox import OUTBOX
from server.gamification.definitions.service import install
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import WALLET
from server.gamification.ledger.service import adjust
from server.gamification.ledger.types import Term
from server.gamification.members.models import MEMBER
from server.gamification.nights import steps
from server.gamification.nights.errors import LeaseLost
from server.gamification.nights.service import LEASE_SECONDS, lease_night, work_at
from server.gamification.programme.types import STARS
from server.gamification.star_cards.settings import STAR_CARDS
from server.jobs import nightly
from tests.builders.purchases import NOW, add_member, cause, open_shop
from tests.gamification.star_cards.test_rules import COFFEE

DAY = timedelta(days=1)


@pytest.fixture
def ready(app):
    with app.app_context():
        with transaction() as tx:
            open_shop(tx)
            publish(tx)
        run_all(NOW)
        yield app


def publish(tx, key="coffee", **changes):
    install(tx, STAR_CARDS, key, COFFEE | {"claim": "automatic"} | changes, "staff:eva", NOW)


def add(stars, available_at=None, expires_at=None):
    with transaction() as tx:
        member_id = add_member(tx)
        term = Term(available_at or NOW, expires_at)
        adjust(tx, member_id, STARS, stars, cause(NOW), term)
    return member_id


def run_all(now):
    while nightly.run(now=now):
        pass


def held(member_id):
    with reading() as tx:
        rows = tx.execute(select(WALLET).where(WALLET.c.member_id == member_id))
        return {row.unit: row.available for row in rows}


def told(member_id):
    with reading() as tx:
        asked = select(OUTBOX.c.payload).where(
            OUTBOX.c.member_id == member_id, OUTBOX.c.topic == "star_card.claimed"
        )
        return sorted(payload["number"] for payload in tx.execute(asked).scalars())


def assert_sound(now):
    with reading() as tx:
        assert check_all(tx, now) == []


def test_stars_that_mature_fill_a_card_that_is_exchanged_in_the_same_night(ready):
    ana = add(23, available_at=NOW + timedelta(hours=3))
    run_all(NOW + timedelta(hours=1))
    assert told(ana) == []
    run_all(NOW + DAY)
    assert held(ana) == {"points": 100, "stars": 3}
    assert told(ana) == [1, 2]
    assert_sound(NOW + DAY)


def test_a_night_that_is_repeated_or_late_exchanges_once(ready):
    ana, ben = add(12, available_at=NOW + timedelta(hours=3)), add(9)
    for days in (4, 4, 5):
        run_all(NOW + days * DAY)
    assert held(ana) == {"points": 50, "stars": 2}
    assert (held(ben), told(ben)) == ({"stars": 9}, [])
    assert_sound(NOW + 5 * DAY)


def test_small_batches_pass_over_stars_that_are_past_their_date(ready, monkeypatch):
    monkeypatch.setattr(steps, "GIFTS", 1)
    stale = [add(10, expires_at=NOW + timedelta(hours=2)) for _ in range(3)]
    fresh = [add(10) for _ in range(3)]
    run_all(NOW + DAY)
    assert [told(one) for one in stale] == [[], [], []]
    assert [told(one) for one in fresh] == [[1], [1], [1]]
    assert [held(one)["stars"] for one in stale + fresh] == [0] * 6
    assert_sound(NOW + DAY)


def test_cards_that_members_exchange_themselves_are_left_to_them(app):
    with app.app_context():
        with transaction() as tx:
            open_shop(tx)
            publish(tx, claim="manual")
            publish(tx, "cake", target=30)
        ana, ben = add(29), add(31)
        run_all(NOW)
        assert [held(one)["stars"] for one in (ana, ben)] == [29, 1]


def test_blocked_members_keep_their_stars(ready):
    ana = add(10)
    with transaction() as tx:
        tx.execute(update(MEMBER).values(status="blocked"))
    run_all(NOW + DAY)
    assert (held(ana)["stars"], told(ana)) == (10, [])
    with transaction() as tx:
        tx.execute(update(MEMBER).values(status="active"))
    run_all(NOW + 2 * DAY)
    assert told(ana) == [1]


def test_a_stalled_worker_exchanges_nothing_after_it_lost_its_lease(ready):
    ana = add(10)
    later = NOW + DAY + timedelta(seconds=LEASE_SECONDS)
    with transaction() as tx:
        stalled = lease_night(tx, NOW + DAY)
    with transaction() as tx:
        assert lease_night(tx, later) is not None
    assert stalled is not None
    with pytest.raises(LeaseLost), transaction() as tx:
        work_at(tx, stalled, NOW + DAY)
    assert (held(ana)["stars"], told(ana)) == (10, [])
