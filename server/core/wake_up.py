"""Wake-ups: with Redis, workers hear of new work at once; without it they look again by themselves.

Nothing hangs on a wake-up that is lost: the queue is a table, and workers poll it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import Connection

from server.core.db import after_commit
from server.core.installation import installation
from server.core.metrics import REDIS_FAILURES
from server.core.redis import redis_at

CHANNEL = "fairstar:work"
LISTEN_SECONDS = 1.0


class Bell:
    """What a worker waits at. It may be rung from a signal handler and from other threads."""

    def __init__(self) -> None:
        self._rung: SimpleQueue[None] = SimpleQueue()

    def ring(self) -> None:
        """End the wait in progress, or the next one."""
        self._rung.put(None)

    def wait(self, seconds: float) -> None:
        """Return when it is rung, at the latest after `seconds`."""
        try:
            self._rung.get(timeout=seconds)
            while True:
                self._rung.get_nowait()
        except Empty:
            return


def wake_workers(tx: Connection) -> None:
    """Ring the bells of all workers when `tx` has committed, if there is a Redis."""
    url = installation().settings.redis_url
    if url:
        after_commit(tx, lambda: _publish(url))


def _publish(url: str) -> None:
    try:
        redis_at(url).publish(CHANNEL, "")
    except RedisError:
        REDIS_FAILURES.labels("wake_up").inc()


@contextmanager
def listening(bell: Bell) -> Iterator[None]:
    """Ring `bell` whenever there is new work, while the block lasts, if there is a Redis."""
    url, is_over = installation().settings.redis_url, Event()
    if url:
        Thread(target=_listen, args=(url, bell, is_over), daemon=True).start()
    yield
    is_over.set()


def _subscription(url: str) -> Any:
    client: Any = redis_at(url)
    return client.pubsub(ignore_subscribe_messages=True)


def _listen(url: str, bell: Bell, is_over: Event) -> None:
    while not is_over.is_set():
        try:
            with _subscription(url) as heard:
                heard.subscribe(CHANNEL)
                bell.ring()  # for what came while nobody listened
                while not is_over.is_set():
                    if heard.get_message(timeout=LISTEN_SECONDS):
                        bell.ring()
        except RedisError:
            is_over.wait(LISTEN_SECONDS)
