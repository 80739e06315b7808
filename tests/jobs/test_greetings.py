"""Greetings: in the member's own zone, once, whatever runs twice, late or together."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from server.cli.explanations import explain_transfer
from server.core.db import reading, transaction
from server.core.outbox import OUTBOX
from server.gamification.greetings.models import YEARLY_GRANT
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import TRANSFER
from server.gamification.members.models import MEMBER
from server.jobs import greetings
from tests.builders.nights import at
from tests.builders.purchases import add_member, balances, change_settings, open_shop
from tests.concurrency.crowd import assert_sound

OPENING = at("2026-01-02")
BIRTHDAY = date(1990, 11, 25)
MIDNIGHT = at("2026-11-24", 22)
"""The beginning of the birthday in Tallinn."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def ready(app):
    with app.app_context():
        with transaction() as tx:
            open_shop(tx, OPENING)
        greetings.run(now=OPENING)
        yield app


def add(birthday=BIRTHDAY, now=OPENING, **fields):
    with transaction() as tx:
        member_id = add_member(tx, now)
        values = {"birthday": birthday, **fields}
        tx.execute(update(MEMBER).where(MEMBER.c.id == member_id).values(**values))
    return member_id


def points(member_id):
    with reading() as tx:
        return balances(tx, member_id)[0]


def settings(**changed):
    with transaction() as tx:
        change_settings(tx, OPENING, **changed)


def test_a_birthday_begins_at_midnight_where_the_member_lives(ready):
    ana = add()
    far = add(zone="Pacific/Auckland")  # 11 hours earlier
    assert greetings.run(now=MIDNIGHT - 11 * 60 * MINUTE - MINUTE) == 0
    assert greetings.run(now=MIDNIGHT - 11 * 60 * MINUTE) == 1
    assert greetings.run(now=MIDNIGHT - MINUTE) == 0
    assert greetings.run(now=MIDNIGHT) == 1
    assert (points(far), points(ana)) == (20, 20)
    with reading() as tx:
        told = select(OUTBOX.c.payload).where(OUTBOX.c.topic == "greeting.granted")
        assert (
            tx.execute(told).scalars().all()
            == [{"kind": "birthday", "unit": "points", "amount": 20}] * 2
        )
        assert check_all(tx, MIDNIGHT) == []


def test_the_points_of_a_greeting_are_explained(ready):
    add()
    greetings.run(now=MIDNIGHT)
    with reading() as tx:
        transfer_id = tx.execute(select(TRANSFER.c.id)).scalar_one()
        told = list(explain_transfer(tx, transfer_id))
    assert "  given for greeting birthday:2026: Happy birthday" in told


def test_running_twice_or_a_week_late_gives_it_once(ready):
    ana = add()
    assert greetings.run(now=MIDNIGHT + 7 * DAY) == 1
    assert [greetings.run(now=MIDNIGHT + days * DAY) for days in (7, 8, 20)] == [0, 0, 0]
    assert greetings.run(now=MIDNIGHT + 365 * DAY) == 1
    assert points(ana) == 40


def test_a_birthday_more_than_a_week_ago_is_not_made_up_for(ready):
    ana = add()
    assert greetings.run(now=MIDNIGHT + 8 * DAY) == 0
    settings(birthday_points=0)
    assert greetings.run(now=MIDNIGHT + 8 * DAY) == 0
    ben = add(date(1990, 12, 1))
    settings(birthday_points=20)
    assert greetings.run(now=at("2026-12-03")) == 0
    assert greetings.run(now=at("2027-12-04")) == 1
    with reading() as tx:
        assert tx.execute(select(YEARLY_GRANT.c.member_id)).scalars().all() == [ben]
    assert points(ben) == 20
    assert ana != ben


def test_a_changed_birthday_is_not_greeted_again_within_a_year(ready):
    ana = add()
    greetings.run(now=MIDNIGHT)
    with transaction() as tx:
        tx.execute(update(MEMBER).values(birthday=date(1990, 12, 24)))
    assert greetings.run(now=at("2026-12-24")) == 0
    assert greetings.run(now=at("2027-12-24")) == 1
    assert points(ana) == 20  # those of the year before have expired


def test_blocked_members_are_not_greeted_until_they_take_part_again(ready):
    ana = add(status="blocked")
    assert greetings.run(now=MIDNIGHT) == 0
    with transaction() as tx:
        tx.execute(update(MEMBER).values(status="active"))
    assert greetings.run(now=MIDNIGHT + 3 * DAY) == 1
    assert points(ana) == 20


def test_members_are_greeted_for_each_year_with_the_shop(ready):
    settings(birthday_points=0, anniversary_points=7)
    greetings.run(now=OPENING)
    ana = add(now=at("2026-03-10"))
    assert greetings.run(now=at("2026-03-10")) == 0
    assert greetings.run(now=at("2027-03-10")) == 1
    assert greetings.run(now=at("2028-03-10")) == 1
    assert points(ana) == 14


def test_many_workers_greet_everybody_once(app, ready):
    for _ in range(12):
        add()

    def work(_number):
        with app.app_context():
            return greetings.run(now=MIDNIGHT)

    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(work, range(3))) == 12
    assert_sound(app, MIDNIGHT)
