"""The worker's loop: takes the slots that are due, runs their jobs, writes down what happened."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Event

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.core import clock
from server.core.db import transaction
from server.core.metrics import JOB_RUNS, JOB_SECONDS
from server.core.wake_up import Bell, listening
from server.jobs.queued import work_off
from server.jobs.runs import begin_run, end_run, slot_of, take_slot
from server.jobs.schedule import SCHEDULE, Job

TICK_SECONDS = 1.0
BACK_OFF_SECONDS_MAX = 600
RUN_SECONDS_MAX = 10
"""After so long a job with more to do lets the others have a turn before it goes on."""
QUEUED_MAX = 20

log = structlog.get_logger(__name__)


class Worker:
    """Runs the jobs of a schedule until it is told to stop. Needs an application context.

    Any number of workers share one database: each slot goes to one of them. A job that fails is
    left alone for a while, longer after each failure in a row; so is everything while the
    database cannot be reached.
    """

    def __init__(
        self, schedule: Sequence[Job] = SCHEDULE, tick_seconds: float = TICK_SECONDS
    ) -> None:
        self._schedule, self._tick_seconds = schedule, tick_seconds
        self._stop, self._bell = Event(), Bell()
        self._seen: dict[str, int] = {}
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, datetime] = {}
        self._unfinished: set[str] = set()

    def stop(self) -> None:
        """Finish the batch in progress and return from `run`."""
        self._stop.set()
        self._bell.ring()

    def run(self) -> None:
        """Work until `stop` is called, from a signal or another thread."""
        with listening(self._bell):
            self._run_on()

    def _run_on(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self.tick(clock.now())
                failures = 0
            except SQLAlchemyError as error:
                failures += 1
                log.warning("worker.database", error=type(error).__name__, failures=failures)
            pause = back_off(failures).total_seconds() if failures else self._tick_seconds
            self._bell.wait(pause)

    def tick(self, now: datetime) -> int:
        """Run each job whose slot at `now` is free, then what is queued; return how many ran."""
        ran = 0
        for job in self._schedule:
            if not self._stop.is_set() and self._is_taken(job, now):
                self._run(job)
                ran += 1
        return ran + self._work_off(now)

    def _work_off(self, now: datetime) -> int:
        done = 0
        while done < QUEUED_MAX and not self._stop.is_set() and work_off(now):
            done += 1
        return done

    def _is_taken(self, job: Job, now: datetime) -> bool:
        """Tell whether this worker has the job's slot at `now`; each slot is asked for once."""
        slot = slot_of(now, job.every_seconds)
        if job.name in self._unfinished:
            self._unfinished.remove(job.name)
            return True
        if self._seen.get(job.name) == slot or now < self._not_before.get(job.name, now):
            return False
        with transaction() as tx:
            taken = take_slot(tx, job.name, slot, now)
        self._seen[job.name] = slot
        return taken

    def _run(self, job: Job) -> None:
        """Run a job and write its outcome down; a job may fail, the worker goes on."""
        started_at = clock.now()
        with transaction() as tx:
            run_id = begin_run(tx, job.name, started_at)
        moved, error = 0, None
        try:
            moved = self._work(job, started_at)
        except Exception as caught:
            error = f"{type(caught).__name__}: {caught}"
            log.error("job.failed", job=job.name, error=type(caught).__name__, exc_info=True)
        finished_at = clock.now()
        self._remember(job, finished_at, failed=error is not None)
        JOB_RUNS.labels(job.name, "failed" if error else "done").inc()
        JOB_SECONDS.labels(job.name).observe((finished_at - started_at).total_seconds())
        with transaction() as tx:
            end_run(tx, run_id, finished_at, moved, error)

    def _work(self, job: Job, started_at: datetime) -> int:
        """Repeat the job while it fills its limit; after a while the others come first."""
        job.check_clock(started_at)
        moved, now = 0, started_at
        while True:
            part = job.work(now=now, limit=job.limit)
            moved += part
            now = clock.now()
            is_over = now - started_at > timedelta(seconds=RUN_SECONDS_MAX)
            if part < job.limit or self._stop.is_set():
                return moved
            if is_over:
                self._unfinished.add(job.name)
                return moved

    def _remember(self, job: Job, now: datetime, *, failed: bool) -> None:
        if not failed:
            self._failures.pop(job.name, None)
            return
        count = self._failures[job.name] = self._failures.get(job.name, 0) + 1
        self._not_before[job.name] = now + back_off(count)


def back_off(failures: int) -> timedelta:
    """Return the pause after so many failures in a row: 2 s, then doubled up to ten minutes."""
    return timedelta(seconds=min(2 ** min(failures, 16), BACK_OFF_SECONDS_MAX))
