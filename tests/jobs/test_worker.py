"""The worker: each slot once, failures written down and waited out, stopped politely."""

import signal
import time
from collections import Counter
from datetime import datetime, timedelta
from threading import Barrier, Lock, Thread

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from server.core import queue
from server.core.db import reading, transaction
from server.jobs import nightly
from server.jobs.models import JOB_RUN, JOB_SLOT
from server.jobs.queued import RUN_JOB, work_off
from server.jobs.runs import LOST_HOURS, begin_run, end_run, forget_runs, slot_of
from server.jobs.schedule import SCHEDULE, Job
from server.jobs.worker import Worker, back_off
from tests.builders.members import NOW
from tests.builders.purchases import open_shop
from tests.fixtures.command_line import spawn, variables

SECOND = timedelta(seconds=1)


class Tally:
    """A job that counts in which slots it ran, and does a given number of things each time."""

    def __init__(self, *amounts):
        self.lock, self.amounts = Lock(), list(amounts)
        self.slots: Counter[datetime] = Counter()

    def __call__(self, *, now, limit):
        with self.lock:
            self.slots[now] += 1
            return self.amounts.pop(0) if self.amounts else 0


@pytest.fixture
def ready(app):
    with app.app_context():
        yield app


def runs_in(tx):
    columns = (JOB_RUN.c.name, JOB_RUN.c.outcome, JOB_RUN.c.moved, JOB_RUN.c.error)
    return [tuple(row) for row in tx.execute(select(*columns).order_by(JOB_RUN.c.started_at))]


def runs():
    with reading() as tx:
        return runs_in(tx)


def wait_for(is_so, seconds=60):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_two_workers_never_run_the_same_slot(app):
    seen, together = Tally(), Barrier(2)
    schedule = [Job("seen", 1, seen, 100), Job("other", 3, Tally(), 100)]

    def work():
        worker = Worker(schedule)
        with app.app_context():
            for step in range(12):
                together.wait(timeout=30)
                worker.tick(NOW + step * SECOND)

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with app.app_context():
        names = Counter(name for name, *_ in runs())
        assert names == {"seen": 12, "other": 4}
        with reading() as tx:
            assert tx.execute(select(func.count()).select_from(JOB_SLOT)).scalar_one() == 16
    assert seen.slots.total() == 12


def test_a_slot_stays_taken_after_its_run(ready):
    ran = [Worker([Job("seen", 60, Tally(), 5)]).tick(NOW) for _ in range(3)]
    assert ran == [1, 0, 0]
    assert [name for name, *_ in runs()] == ["seen"]


def test_a_job_is_repeated_while_it_fills_its_limit(ready):
    full = Tally(5, 5, 2)
    assert Worker([Job("full", 60, full, 5)]).tick(NOW) == 1
    assert full.slots.total() == 3
    assert runs() == [("full", "done", 12, None)]


def test_a_failing_job_is_written_down_and_left_alone_for_a_while(ready):
    def fail(*, now, limit):
        raise ValueError("the bell is missing")

    good = Tally()
    worker = Worker([Job("bad", 1, fail, 5), Job("good", 1, good, 5)])
    moments = [NOW, NOW + SECOND]
    assert [worker.tick(now) for now in moments] == [2, 1]
    assert Counter(runs()) == {
        ("bad", "failed", 0, "ValueError: the bell is missing"): 1,
        ("good", "done", 0, None): 2,
    }


def test_after_a_leap_of_the_clock_nothing_is_given_or_taken_by_date(ready, clock_at):
    with transaction() as tx:
        open_shop(tx)
    assert nightly.run(now=NOW) == 1
    dated, other = Tally(), Tally()
    schedule = [Job("dated", 1, dated, 5, by_date=True), Job("other", 1, other, 5)]
    for days in (1, 365, -364):
        clock_at.tick(timedelta(days=days))
        Worker(schedule).tick(clock_at.instant)
    assert (dated.slots.total(), other.slots.total()) == (2, 3)
    (failed,) = [error for _, outcome, _, error in runs() if outcome == "failed"]
    assert failed.startswith("NightsMissed: 366 nights are missing")


@pytest.mark.parametrize("job", [job.name for job in SCHEDULE if job.by_date])
def test_after_a_leap_of_the_clock_nothing_by_date_is_run_on_request_either(ready, job):
    with transaction() as tx:
        open_shop(tx)
        queue.enqueue(tx, RUN_JOB, {"job": job}, NOW, NOW)
    assert nightly.run(now=NOW) == 1
    assert work_off(NOW + timedelta(days=60))
    ((_, outcome, moved, error),) = runs()
    assert (outcome, moved) == ("failed", 0)
    assert error.startswith("NightsMissed: 60 nights are missing")


def test_the_pause_after_failures_doubles_to_ten_minutes():
    assert [back_off(count).total_seconds() for count in (1, 2, 3, 9, 10, 99)] == [
        *(2, 4, 8, 512, 600, 600)
    ]


def test_a_database_that_is_gone_ends_no_worker(ready, monkeypatch):
    worker, ticks = Worker([]), []

    def tick(now):
        ticks.append(now)
        if len(ticks) == 2:
            worker.stop()
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    monkeypatch.setattr(worker, "tick", tick)
    monkeypatch.setattr("server.jobs.worker.back_off", lambda _failures: 0 * SECOND)
    worker.run()
    assert len(ticks) == 2


def test_a_run_that_a_killed_worker_left_is_given_up(ready):
    later = NOW + timedelta(hours=LOST_HOURS, minutes=1)
    with transaction() as tx:
        for started_at in (NOW, NOW + timedelta(hours=1)):
            begin_run(tx, "long", started_at)
    with transaction() as tx:
        end_run(tx, begin_run(tx, "other", later), later, 1)
        assert [run[1] for run in runs_in(tx) if run[0] == "long"] == ["running", "running"]
        end_run(tx, begin_run(tx, "long", later), later, 3)
        assert [run[1:3] for run in runs_in(tx) if run[0] == "long"] == [
            ("lost", 0),
            ("running", 0),
            ("done", 3),
        ]


def test_old_runs_and_slots_are_forgotten(ready):
    Worker([Job("seen", 60, Tally(), 5)]).tick(NOW)
    with transaction() as tx:
        assert forget_runs(tx, NOW - timedelta(days=1), 10) == 0
        assert forget_runs(tx, NOW + timedelta(days=4000), 10) == 1
        assert tx.execute(select(func.count()).select_from(JOB_SLOT)).scalar_one() == 0


def test_slots_are_counted_from_one_beginning():
    assert slot_of(NOW, 3600) == slot_of(NOW + timedelta(minutes=29), 3600)
    assert slot_of(NOW, 3600) + 1 == slot_of(NOW + timedelta(minutes=30), 3600)


def test_the_schedule_names_each_job_once():
    assert len({job.name for job in SCHEDULE}) == len(SCHEDULE)
    assert all(job.every_seconds >= 1 and job.limit >= 1 for job in SCHEDULE)


@pytest.mark.slow
def test_processes_share_the_slots_and_stop_when_told(database, app):
    environment = variables(database) | {"FAIRSTAR_LOG_LEVEL": "error"}
    workers = [spawn("worker", environment=environment) for _ in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline().startswith("Worker ready: send_mail")
    with app.app_context():
        wait_for(lambda: len({run[0] for run in runs() if run[1] == "done"}) == len(SCHEDULE))
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    for worker in workers:
        assert "Worker stopped." in worker.communicate(timeout=60)[0]
        assert worker.returncode == 0
    with app.app_context():
        outcomes = Counter(name for name, *_ in runs())
        assert {outcome for _, outcome, *_ in runs()} == {"done"}
        with reading() as tx:
            slots = Counter(tx.execute(select(JOB_SLOT.c.name)).scalars())
    assert outcomes == slots
    assert set(outcomes) == {job.name for job in SCHEDULE}
