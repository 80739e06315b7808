"""The queue: asked for with its cause, done at least once, never by two who both believe it."""

from collections import Counter
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import select, update

from server.core import queue
from server.core.db import reading, transaction
from server.core.errors import NotFound
from server.core.queue import ATTEMPTS_MAX, JOB, LEASE_SECONDS, LeaseLost, back_off
from server.jobs import prune
from server.jobs.models import JOB_RUN
from server.jobs.queued import work_off
from tests.builders.members import NOW

SECOND = timedelta(seconds=1)
LEASE = LEASE_SECONDS * SECOND


class Bell:
    """A handler that remembers for what it was rung."""

    def __init__(self):
        self.rung: list[str] = []

    def __call__(self, claimed, _now):
        self.rung.append(claimed.id)
        return 1


@pytest.fixture
def ready(app):
    with app.app_context():
        yield app


def ask(*names, run_at=NOW):
    with transaction() as tx:
        return [queue.enqueue(tx, name, {"number": 1}, run_at, NOW) for name in names]


def ask_and_be_refused():
    with transaction() as tx:
        queue.enqueue(tx, "ring", {}, NOW, NOW)
        raise NotFound


def states():
    with reading() as tx:
        return Counter(tx.execute(select(JOB.c.state)).scalars())


def test_what_is_asked_for_is_there_only_with_its_cause(ready):
    with pytest.raises(NotFound):
        ask_and_be_refused()
    assert states() == {}
    ask("ring")
    assert states() == {"queued": 1}


def test_work_is_done_in_the_order_of_its_time_and_not_before(ready):
    ask("late", run_at=NOW + SECOND)
    ask("first")
    first, late = Bell(), Bell()
    handlers = {"first": first, "late": late}
    assert [work_off(NOW, handlers) for _ in range(2)] == [True, False]
    assert (len(first.rung), len(late.rung)) == (1, 0)
    with reading() as tx:
        assert queue.next_run_at(tx) == NOW + SECOND
    assert [work_off(NOW + SECOND, handlers) for _ in range(2)] == [True, False]
    assert (len(first.rung), len(late.rung)) == (1, 1)
    assert states() == {"done": 2}
    with reading() as tx:
        runs = tx.execute(select(JOB_RUN.c.name, JOB_RUN.c.outcome, JOB_RUN.c.moved)).all()
        assert sorted(map(tuple, runs)) == [("first", "done", 1), ("late", "done", 1)]


def test_work_of_a_killed_worker_is_taken_over_and_the_killed_changes_nothing(ready):
    ask("ring")
    with transaction() as tx:
        stalled = queue.claim(tx, NOW)
        assert queue.claim(tx, NOW + LEASE - SECOND) is None
        other = queue.claim(tx, NOW + LEASE)
    assert stalled is not None
    assert other is not None
    assert (stalled.attempt, other.attempt) == (1, 2)
    with transaction() as tx:
        assert not queue.finish(tx, stalled, NOW + LEASE)
        assert not queue.give_back(tx, stalled, "too late", NOW + LEASE)
        with pytest.raises(LeaseLost):
            queue.keep(tx, stalled, NOW + LEASE)
        queue.keep(tx, other, NOW + 2 * LEASE)
        assert queue.claim(tx, NOW + 2 * LEASE) is None
        assert queue.finish(tx, other, NOW + 2 * LEASE)


def test_a_lease_of_a_clock_that_was_wrong_holds_nobody_up(ready):
    ask("ring", run_at=NOW - timedelta(days=366))
    with transaction() as tx:
        assert queue.claim(tx, NOW + timedelta(days=365)) is not None
        assert queue.claim(tx, NOW) is not None


def test_failures_pause_longer_each_time_until_the_work_is_dead(ready, clock_at):
    (job_id,) = ask("ring")
    now = NOW
    for attempt in range(1, ATTEMPTS_MAX + 1):
        assert work_off(now, {"ring": lambda _claimed, _now: 1 // 0})
        assert not work_off(now + SECOND, {})
        assert states() == {"queued" if attempt < ATTEMPTS_MAX else "dead": 1}
        now += timedelta(hours=2)
        clock_at.instant = now
    assert not work_off(now, {})
    with transaction() as tx:
        (row,) = queue.list_dead(tx)
        assert (row.id, row.error.split(":")[0]) == (job_id, "ZeroDivisionError")
        queue.requeue(tx, job_id, now)
        with pytest.raises(NotFound):
            queue.requeue(tx, job_id, now)
    assert work_off(now, {"ring": lambda _claimed, _now: 1})
    assert states() == {"done": 1}


def test_the_pause_doubles_up_to_an_hour_and_differs_a_little():
    assert [back_off(count, 0).total_seconds() for count in (1, 2, 3, 10, 99)] == [
        *(5, 10, 20, 2560, 3600)
    ]
    assert back_off(1, 1).total_seconds() == 6.25


def test_done_work_is_forgotten_after_a_month_and_dead_work_never(ready, clock_at):
    ask("ring", "ring")
    assert work_off(NOW, {"ring": Bell()})
    with transaction() as tx:
        tx.execute(update(JOB).where(JOB.c.state == "queued").values(state="dead", finished_at=NOW))
    assert prune.run(now=NOW + timedelta(days=30)) == 0
    assert prune.run(now=NOW + timedelta(days=31)) == 2  # the work and its run
    assert states() == {"dead": 1}
    assert clock_at.instant == NOW


def test_unknown_work_fails_like_any_other(ready):
    ask("nobody_knows")
    assert work_off(NOW)
    assert states() == {"queued": 1}
    with reading() as tx:
        assert tx.execute(select(JOB.c.error)).scalar_one() == "KeyError: 'nobody_knows'"


def test_many_workers_do_each_piece_once(app):
    with app.app_context():
        ask(*["ring"] * 40)
    bell = Bell()

    def work():
        with app.app_context():
            while work_off(NOW, {"ring": bell}):
                pass

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(bell.rung) == len(set(bell.rung)) == 40
    with app.app_context():
        assert states() == {"done": 40}
