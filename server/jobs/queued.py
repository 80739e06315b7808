"""Work asked for once: who does it, by name, and taking it from the queue."""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from server.core import clock, queue
from server.core.db import transaction
from server.core.queue import Claimed
from server.core.sandbox_clock import ADVANCE
from server.jobs.advancing import advance
from server.jobs.award_badges import AWARD_BADGES, award_claimed
from server.jobs.runs import begin_run, end_run
from server.jobs.schedule import job_named

log = structlog.get_logger(__name__)
RUN_JOB = "run_job"
Handler = Callable[[Claimed, datetime], int]
"""Does the work and returns how much that was; safe to repeat. It keeps its lease by itself."""


def _run_job(claimed: Claimed, now: datetime) -> int:
    """Run a periodic job at once, as `fairstar jobs run` asks for."""
    job = job_named(claimed.payload["job"])
    moved = 0
    while True:
        job.check_clock(now)
        part = job.work(now=now, limit=job.limit)
        moved += part
        if part < job.limit:
            return moved
        now = clock.now()
        with transaction() as tx:
            queue.keep(tx, claimed, now)


HANDLERS: Mapping[str, Handler] = {
    RUN_JOB: _run_job,
    ADVANCE: advance,
    AWARD_BADGES: award_claimed,
}


def work_off(now: datetime, handlers: Mapping[str, Handler] = HANDLERS) -> bool:
    """Do the work that has been due longest; False when nothing is due.

    What fails goes back with a pause, and after eight attempts among the dead.
    """
    with transaction() as tx:
        claimed = queue.claim(tx, now)
        if claimed is None:
            return False
        run_id = begin_run(tx, claimed.name, now)
    moved, error = 0, None
    try:
        moved = handlers[claimed.name](claimed, now)
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"
        log.error("job.failed", job=claimed.name, id=claimed.id, exc_info=True)
    _end(claimed, run_id, moved, error)
    return True


def _end(claimed: Claimed, run_id: str, moved: int, error: str | None) -> None:
    now = clock.now()
    with transaction() as tx:
        if error is None:
            queue.finish(tx, claimed, now)
        else:
            queue.give_back(tx, claimed, error, now)
        end_run(tx, run_id, now, moved, error)
