"""Wake-ups: with a Redis workers begin at once, without it they find everything all the same."""

import time
from contextlib import contextmanager
from threading import Thread

import pytest
from redis import Redis
from sqlalchemy import select

from server.core import clock, queue
from server.core.db import reading, transaction
from server.core.errors import NotFound
from server.core.queue import JOB
from server.core.wake_up import CHANNEL, Bell
from server.jobs.queued import RUN_JOB
from server.jobs.worker import Worker
from tests.fixtures.schema import running_app

NOBODY = "redis://127.0.0.1:1/0"


def ask():
    with transaction() as tx:
        now = clock.now()
        queue.enqueue(tx, RUN_JOB, {"job": "prune"}, now, now)


def states():
    with reading() as tx:
        return tx.execute(select(JOB.c.state)).scalars().all()


def wait_for(is_so, seconds=20):
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def working(app, tick_seconds):
    """A worker that looks by itself every `tick_seconds`; it stops politely."""
    worker = Worker([], tick_seconds)

    def work():
        with app.app_context():
            worker.run()

    thread = Thread(target=work)
    thread.start()
    yield
    worker.stop()
    thread.join(timeout=20)
    assert not thread.is_alive()


def enqueue_and_be_refused():
    with transaction() as tx:
        queue.enqueue(tx, RUN_JOB, {"job": "prune"}, clock.now(), clock.now())
        raise NotFound


@pytest.fixture
def ready(database, redis_url):
    """An application that shares the Redis."""
    with running_app(database, REDIS_URL=redis_url) as app, app.app_context():
        yield app


def test_a_worker_that_looks_every_ten_minutes_is_woken_at_once(ready, redis_url):
    with working(ready, 600), Redis.from_url(redis_url) as redis:
        assert wait_for(lambda: redis.pubsub_numsub(CHANNEL)[0][1] == 1)
        for count in (1, 2):
            ask()
            assert wait_for(lambda count=count: states() == ["done"] * count)


def test_without_redis_work_is_found_by_looking(database):
    with running_app(database, REDIS_URL=NOBODY) as app, app.app_context(), working(app, 0.1):
        ask()
        assert wait_for(lambda: states() == ["done"])


def test_nobody_is_woken_for_what_is_rolled_back(ready, redis_url):
    with Redis.from_url(redis_url) as redis, redis.pubsub() as heard:
        heard.subscribe(CHANNEL)
        assert heard.get_message(timeout=5)["type"] == "subscribe"
        with pytest.raises(NotFound):
            enqueue_and_be_refused()
        with transaction() as tx:
            tx.execute(select(JOB.c.id))
        assert heard.get_message(timeout=0.5) is None
        ask()
        assert heard.get_message(timeout=5)["type"] == "message"


def test_a_bell_that_was_rung_before_ends_the_next_wait_once():
    bell = Bell()
    bell.ring()
    bell.ring()
    begun = time.monotonic()
    bell.wait(60)
    bell.wait(0.2)
    assert 0.15 < time.monotonic() - begun < 30
