"""Statements of the hot path behave as those that SQLAlchemy executes itself."""

from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from server.core.columns import among
from server.core.db import reading, transaction
from server.core.errors import NotFound
from server.core.outbox import OUTBOX
from server.core.statements import Prepared, at_once, together

NOW = datetime(2026, 11, 22, 14, 30, 5, 123456, tzinfo=UTC)
_ADD = Prepared(insert(OUTBOX))
_ALL = Prepared(select(OUTBOX).order_by(OUTBOX.c.id))
_READY = Prepared(select(OUTBOX.c.id).where(OUTBOX.c.state == "ready").order_by(OUTBOX.c.id))
_SOME = Prepared(select(OUTBOX.c.id).where(among(OUTBOX.c.id, "ids")).order_by(OUTBOX.c.id))
_COUNT = Prepared(select(func.count().label("rows")).select_from(OUTBOX))
_CHANGE = Prepared(
    update(OUTBOX)
    .where(OUTBOX.c.id == bindparam("row_id"))
    .values(attempts=bindparam("new_attempts"), payload=bindparam("new_payload"))
)


def event(number):
    return {
        "id": f"evt_{number}",
        "topic": "bell.rung",
        "member_id": None,
        "payload": {"text": "50 % of 'ä'", "n": number, "none": None},
        "created_at": NOW,
        "available_at": NOW,
        "state": "ready",
        "attempts": number,
    }


@pytest.mark.parametrize("count", [1, 3])
def test_rows_come_back_as_they_were_written(tx, count):
    _ADD.run(tx, [event(number) for number in range(count)])
    rows = _ALL.all(tx)
    plain = tx.execute(select(OUTBOX).order_by(OUTBOX.c.id)).all()
    assert [row._asdict() for row in rows] == [row._asdict() for row in plain]
    assert [row.payload["n"] for row in rows] == list(range(count))
    assert rows[0].created_at == NOW
    assert rows[0].created_at.tzinfo is UTC


@pytest.mark.parametrize("count", [1, 3])
def test_rows_are_changed_each_by_its_own_values(tx, count):
    _ADD.run(tx, [event(number) for number in range(count)])
    changes = [
        {"row_id": f"evt_{n}", "new_attempts": n + 40, "new_payload": {"n": -n}}
        for n in range(count)
    ]
    _CHANGE.run(tx, changes)
    assert [(row.attempts, row.payload) for row in _ALL.all(tx)] == [
        (n + 40, {"n": -n}) for n in range(count)
    ]


def test_nothing_is_done_for_no_rows(tx):
    _ADD.run(tx, [])
    assert _COUNT.first(tx).rows == 0


def test_no_row_is_none_and_constants_are_part_of_the_text(tx):
    assert _READY.first(tx) is None
    _ADD.run(tx, [event(1)])
    assert _READY.first(tx) == ("evt_1",)


@pytest.mark.parametrize("ids", [[], ["evt_1"], ["evt_2", "evt_0", "evt_9"]])
def test_a_list_of_any_length_is_one_parameter(tx, ids):
    _ADD.run(tx, [event(number) for number in range(3)])
    assert [row.id for row in _SOME.all(tx, {"ids": ids})] == sorted(set(ids) - {"evt_9"})


def test_a_naive_instant_is_refused(tx):
    naive = event(1) | {"created_at": NOW.replace(tzinfo=None)}
    for rows in ([naive], [event(2), naive]):
        with pytest.raises((ValueError, TypeError), match=r"naive|serializable"):
            _ADD.run(tx, rows)


def test_what_is_sent_at_once_is_answered_in_order(tx):
    with at_once(tx):
        before = _COUNT.send(tx)
        _ADD.run(tx, [event(1)])
        after = _COUNT.send(tx)
    assert (before.first().rows, after.first().rows) == (0, 1)


def add_twice(app, later=()):
    """Add one event twice and then others, alone or at once."""
    with app.app_context(), transaction() as tx, at_once(tx) if later else nullcontext():
        for number in (1, 1, *later):
            _ADD.run(tx, [event(number)])


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_gathered_is_written_together(tx, count):
    _ADD.run(tx, [event(number) for number in range(count)])
    changes = [{"row_id": "evt_0", "new_attempts": 7, "new_payload": {"text": "5 % of {}"}}]
    with together(tx):
        _ADD.run(tx, [event(number) for number in range(count, 2 * count)])
        _CHANGE.run(tx, changes)
        _CHANGE.run(tx, [])
    rows = _ALL.all(tx)
    assert [row.id for row in rows] == [f"evt_{n}" for n in range(2 * count)]
    assert (rows[0].attempts, rows[0].payload) == (7, {"text": "5 % of {}"})
    assert rows[-1].payload == event(2 * count - 1)["payload"]


def test_nothing_is_written_when_the_block_is_left_by_a_refusal(tx):
    with pytest.raises(NotFound), together(tx):
        raise NotFound
    _ADD.run(tx, [event(1)])
    assert _COUNT.first(tx).rows == 1


@pytest.mark.parametrize("later", [(), (2, 3)])
def test_a_clash_among_what_is_written_together_leaves_nothing_behind(app, later):
    with pytest.raises(IntegrityError):
        add_together(app, (1, 1, *later))
    assert count_of(app) == 0


def add_together(app, numbers):
    with app.app_context(), transaction() as tx, together(tx):
        for number in numbers:
            _ADD.run(tx, [event(number)])


def test_a_clash_is_the_error_that_sqlalchemy_would_raise(app):
    with pytest.raises(IntegrityError) as caught:
        add_twice(app)
    assert "bell.rung" not in str(caught.value)
    assert count_of(app) == 0


def test_a_clash_among_what_is_sent_at_once_leaves_nothing_behind(app):
    with pytest.raises(IntegrityError):
        add_twice(app, later=(2, 3))
    assert count_of(app) == 0


def count_on_a_closed_connection(app):
    with app.app_context(), transaction() as tx:
        raw = tx.connection.dbapi_connection
        assert raw is not None
        raw.close()
        return _COUNT.first(tx)


def test_a_lost_connection_says_so(postgresql_app):
    with pytest.raises(DBAPIError) as caught:
        count_on_a_closed_connection(postgresql_app)
    assert caught.value.connection_invalidated
    assert count_of(postgresql_app) == 0


def test_reads_see_one_state_of_the_data(app):
    with app.app_context(), reading() as tx:
        with at_once(tx):
            first, second = _COUNT.send(tx), _COUNT.send(tx)
        assert first.first() == second.first() == (0,)


def count_of(app):
    with app.app_context(), reading() as tx:
        return _COUNT.first(tx).rows
