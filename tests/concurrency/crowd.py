"""A crowd: many threads that start together, each with a transaction of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from server.core.db import is_lost_race, is_retryable, snapshot, transaction
from server.core.errors import Refusal
from server.gamification.invariants.service import check_all

RERUNS_MAX = 10
Work = Callable[[Connection], Any]


def rush(app: Flask, works: Sequence[Work]) -> list[Any]:
    """Run all `works` at once; return what each gave, or the refusal it met."""
    start = Barrier(len(works))

    def run(work: Work) -> Any:
        start.wait(timeout=30)
        with app.app_context():
            return retried(work)

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(run, works))


def queue_up(app: Flask, works: Sequence[Work], threads: int) -> list[Any]:
    """Run `works` by so many threads, each at once the next one; results as those of `rush`."""

    def run(work: Work) -> Any:
        with app.app_context():
            return retried(work)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, works))


def retried(work: Work) -> Any:
    """Run `work` in a transaction, again after a deadlock or a lost race, as endpoints do."""
    for _ in range(RERUNS_MAX):
        try:
            with transaction() as tx:
                return work(tx)
        except Refusal as refusal:
            return refusal
        except DBAPIError as error:
            if not is_retryable(error) and not is_lost_race(error):
                raise
    raise AssertionError(f"still in the way of others after {RERUNS_MAX} runs")


def once(app: Flask, work: Work) -> Any:
    """Run `work` alone."""
    with app.app_context(), transaction() as tx:
        return work(tx)


def refused(results: Sequence[Any], kind: type[Refusal]) -> list[Any]:
    """The refusals of one kind among the results."""
    return [result for result in results if isinstance(result, kind)]


def assert_sound(app: Flask, now: datetime) -> None:
    """Every invariant holds."""
    with app.app_context(), snapshot() as tx:
        assert check_all(tx, now) == []
