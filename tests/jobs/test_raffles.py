"""Raffles open and tell of their end by themselves; a cancelled one refunds everybody once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.db import reading, transaction
from server.core.outbox import OUTBOX
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import LOT_DRAW, TRANSFER
from server.gamification.raffles.types import RaffleState
from server.gamification.tickets.cancelling import cancel_raffle
from server.jobs import refund_raffles, sell_raffles
from tests.builders.purchases import NOW, add_member, open_shop, wallet
from tests.builders.raffles import CLOSES_AT, DAY, EVA, enter, open_raffle, standing
from tests.builders.rewards import give_lots


@pytest.fixture
def ready(app):
    with app.app_context():
        with transaction() as tx:
            open_shop(tx)
        yield app


def sell(now):
    return sell_raffles.run(now=now, limit=100)


def told(topic):
    with reading() as tx:
        return list(tx.execute(select(OUTBOX.c.payload).where(OUTBOX.c.topic == topic)).scalars())


def join(raffle, people):
    """Members with points in three lots who buy tickets."""
    with transaction() as tx:
        ids = [add_member(tx) for _ in range(people)]
        for member_id in ids:
            give_lots(tx, member_id, (40, 5), (40, 50), (100, 90))
            enter(tx, member_id, raffle, 2)
        return ids


def test_a_raffle_opens_at_its_time_once(ready):
    with transaction() as tx:
        raffle = open_raffle(tx, opens_at=(NOW + DAY).isoformat())
    assert [sell(NOW), sell(NOW + DAY), sell(NOW + DAY)] == [0, 1, 0]
    with reading() as tx:
        assert standing(tx, raffle).state is RaffleState.SELLING
    assert told("raffle.opened") == [{"raffle_id": raffle}]


def test_entrants_hear_once_that_the_end_is_near(ready):
    with transaction() as tx:
        raffle = open_raffle(tx)
    join(raffle, 3)
    day_before = CLOSES_AT - DAY
    assert [sell(day_before - timedelta(seconds=1)), sell(day_before), sell(day_before)] == [
        0,
        3,
        0,
    ]
    closing = {"raffle_id": raffle, "closes_at": "2026-12-02T14:30:00Z", "tickets": 2}
    assert told("raffle.closing") == [closing] * 3


def test_refunds_equal_debits_by_wallet_and_lot(ready):
    with transaction() as tx:
        raffle = open_raffle(tx)
    members = join(raffle, 45)
    with transaction() as tx:
        cancel_raffle(tx, raffle, "No dinner.", EVA, NOW)
    assert refund_raffles.run(now=NOW, limit=30) == 30
    assert refund_raffles.run(now=NOW, limit=200) == 15
    assert refund_raffles.run(now=NOW, limit=200) == 0
    with reading() as tx:
        assert {wallet(tx, one)["available"] for one in members} == {180}
        drawn = select(TRANSFER.c.wallet_id, LOT_DRAW.c.lot_id, LOT_DRAW.c.amount)
        drawn = drawn.join(LOT_DRAW, LOT_DRAW.c.transfer_id == TRANSFER.c.id)
        rows = tx.execute(drawn.where(TRANSFER.c.ref_kind == "entry")).all()
        out = {row[:2] for row in rows if row.amount > 0}
        back = {row[:2]: -row.amount for row in rows if row.amount < 0}
        assert (len(out), len(back), set(back.values())) == (3 * 45, 2 * 45, {40, 20})
        assert [str(found) for found in check_all(tx, NOW)] == []
    assert len(told("raffle.ticket_removed")) == 45
