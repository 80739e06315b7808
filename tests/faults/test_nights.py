"""The worker dies twenty times in the middle of its nights; the books are as if it never had.

Three nights were missed. Batches of one member make more moments to die at.
"""

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest

from server.core.db import db, snapshot, transaction
from server.gamification.invariants.service import check_all
from server.gamification.nights import steps
from server.gamification.nights.service import LEASE_SECONDS
from server.jobs import nightly
from tests.builders.sleepers import DAY, EVENING, open_sleepy_shop
from tests.faults.books import books_of
from tests.fixtures.schema import running_app
from tests.fixtures.serving import fresh_database

KILLS = 20
MEMBERS = 24
LATER = EVENING + 3 * DAY
LEASE = timedelta(seconds=LEASE_SECONDS)
KINDS = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


@pytest.fixture
def shops(kind, run_directory, monkeypatch):
    """Two shops with the same history, on the evening before three nights are missed."""
    monkeypatch.setattr(steps, "BATCH", 1)
    with ExitStack() as stack:
        urls = [stack.enter_context(fresh_database(kind, run_directory)) for _ in range(2)]
        apps = [stack.enter_context(running_app(url, LOG_LEVEL="error")) for url in urls]
        for app in apps:
            with app.app_context():
                with transaction() as tx:
                    open_sleepy_shop(tx, MEMBERS)
                nightly.run(now=EVENING)
        yield apps


def undisturbed(app):
    """Do the nights in peace; return the books, and how many seconds it took."""
    started = time.monotonic()
    with app.app_context():
        while nightly.run(now=LATER):
            pass
    return books_of(app), time.monotonic() - started


def work_in_a_child(app, now):
    """Start a process that does nights until it is killed; return once it has begun."""
    with app.app_context():
        db.engine.dispose()
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(tell, b"!")
            while nightly.run(now=now, limit=5):
                pass
            os._exit(0)
    os.read(told, 1)
    os.close(told)
    os.close(tell)
    return child


def is_sound(app):
    with app.app_context(), snapshot() as tx:
        return check_all(tx, LATER + DAY) == []


@pytest.mark.slow
@KINDS
def test_nights_of_a_worker_that_is_killed_again_and_again_are_those_of_any_other(shops):
    calm, stormy = shops
    expected, seconds = undisturbed(calm)
    dice, now, killed = random.Random(17), LATER, 0
    for _ in range(KILLS):
        child = work_in_a_child(stormy, now)
        time.sleep(dice.uniform(0, seconds / KILLS))
        os.kill(child, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        now += LEASE
    half_done = books_of(stormy)
    with stormy.app_context():
        while nightly.run(now=now):
            pass
    assert killed == KILLS
    assert half_done != expected
    assert books_of(stormy) == expected
    assert is_sound(stormy)


@pytest.mark.slow
@KINDS
def test_three_workers_at_once_do_the_nights_of_one(shops):
    calm, busy = shops
    expected, _ = undisturbed(calm)

    def work(number):
        with busy.app_context():
            for _ in range(400):
                nightly.run(now=LATER, limit=1 + number)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(work, range(3)))
    assert books_of(busy) == expected
    assert is_sound(busy)
