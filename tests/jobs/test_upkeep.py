"""Jobs that tidy up: holds lapse, and what was kept for a time is forgotten after it."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update

from server.core.db import reading, transaction
from server.core.idempotency import RECORD
from server.core.outbox import OUTBOX
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import HOLD, WALLET
from server.integrations.csv.models import IMPORT_REFUSAL
from server.integrations.csv.runs import begin_run, finish_run, move_on
from server.integrations.csv.types import Plan, Rejection, Tally
from server.jobs import overdue, prune
from tests.builders.purchases import NOW, add_member, buy, give, hold, open_shop
from tests.builders.shop_life import LATER, live_three_days

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ready(app):
    with app.app_context():
        yield app


def test_overdue_holds_give_their_points_back_and_others_stay(ready):
    with transaction() as tx:
        open_shop(tx)
        members = [add_member(tx) for _ in range(3)]
        for member in members:
            give(tx, member, 50)
            for _ in range(9):
                hold(tx, member, 5)
        hold(tx, members[0], 3, NOW + HOUR)
    assert overdue.lapse_holds(now=NOW + timedelta(minutes=5)) == 0
    assert overdue.lapse_holds(now=NOW + HOUR, limit=25) == 25
    assert overdue.lapse_holds(now=NOW + HOUR) == 2
    assert overdue.lapse_holds(now=NOW + HOUR) == 0
    with reading() as tx:
        states = tx.execute(select(HOLD.c.state, func.count()).group_by(HOLD.c.state)).all()
        assert sorted(map(tuple, states)) == [("held", 1), ("lapsed", 27)]
        balances = tx.execute(select(func.sum(WALLET.c.available), func.sum(WALLET.c.held)))
        assert tuple(balances.one()) == (147, 3)
        assert check_all(tx, NOW + HOUR) == []


def test_answers_are_forgotten_when_their_time_is_over(ready):
    with transaction() as tx:
        who = {"principal": "key:1", "operation": "createTransaction", "fingerprint": "f"}
        row = {**who, "status": 201, "body": "{}", "created_at": NOW}
        ends = {"old": NOW, "older": NOW - HOUR, "oldest": NOW - DAY, "new": NOW + HOUR}
        tx.execute(
            insert(RECORD), [row | {"key": key, "expires_at": at} for key, at in ends.items()]
        )
    batches = [prune.run(now=NOW + timedelta(minutes=1), limit=2) for _ in range(3)]
    assert batches == [2, 1, 0]
    with reading() as tx:
        assert tx.execute(select(RECORD.c.key)).scalars().all() == ["new"]


def test_refused_rows_are_forgotten_long_after_their_import(ready):
    with transaction() as tx:
        run = begin_run(tx, Plan("file.csv", "0" * 64, 1, {}), NOW)
        refused = Rejection(1, 2, "date_missing", "date", "there is no date")
        finish_run(tx, move_on(tx, run, Tally(refused=1), [refused]), NOW)
    assert prune.run(now=NOW + timedelta(days=80)) == 0
    assert prune.run(now=NOW + timedelta(days=91)) == 1
    with reading() as tx:
        assert tx.execute(select(func.count()).select_from(IMPORT_REFUSAL)).scalar_one() == 0


def deliver(*states):
    """Say that all events have left, but that the first ones are in these states."""
    with transaction() as tx:
        tx.execute(update(OUTBOX).values(state="delivered", delivered_at=OUTBOX.c.created_at))
        ids = tx.execute(select(OUTBOX.c.id).order_by(OUTBOX.c.id).limit(len(states))).scalars()
        for row_id, state in zip(ids.all(), states, strict=True):
            change = update(OUTBOX).where(OUTBOX.c.id == row_id)
            tx.execute(change.values(state=state, delivered_at=None))


def events():
    with reading() as tx:
        return tx.execute(select(func.count()).select_from(OUTBOX)).scalar_one()


def violations(now):
    with reading() as tx:
        return [str(found) for found in check_all(tx, now)]


def test_delivered_events_are_forgotten_in_batches_and_others_stay(ready):
    with transaction() as tx:
        live_three_days(tx, among_others=True)
    deliver("dead", "ready")
    total = events()
    assert prune.run(now=NOW + 80 * DAY, limit=5) == 0
    counts = [prune.run(now=LATER + 91 * DAY, limit=40) for _ in range(1 + total // 40)]
    assert (counts[0], sum(counts)) == (40, total - 2)
    assert events() == 2
    assert violations(LATER + 91 * DAY) == []


def test_what_is_forgotten_alarms_nobody_and_what_is_missing_does(ready):
    with transaction() as tx:
        open_shop(tx)
        ana = add_member(tx)
        buy(tx, ana, 100_00)
        late = NOW + 31 * DAY
        buy(tx, ana, 100_00, late)
    deliver()
    assert prune.run(now=NOW + 91 * DAY) > 0
    assert violations(NOW + 91 * DAY) == []
    with transaction() as tx:
        tx.execute(delete(OUTBOX))
    (found,) = violations(late + 60 * DAY)
    assert "A purchase that gave points is announced once." in found
    assert violations(late + 60 * DAY + HOUR) == []
