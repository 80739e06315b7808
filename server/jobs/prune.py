"""Forget what was kept for a time only: answers, delivered events, old work, refused rows."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.core.db import transaction
from server.core.idempotency import sweep_idempotency
from server.core.installation import installation
from server.core.outbox import forget_delivered
from server.core.queue import forget_done
from server.integrations.csv.runs import forget_refusals
from server.jobs.runs import forget_runs


def run(*, now: datetime, limit: int = 5000) -> int:
    """Delete what is out of date, up to `limit` rows of each kind of work; return how many."""
    with transaction() as tx:
        swept = sweep_idempotency(tx, now=now, limit=limit)
    with transaction() as tx:
        swept += forget_refusals(tx, now) + _forget_work(tx, now, limit)
    with transaction() as tx:
        return swept + _forget_events(tx, now, limit)


def _forget_events(tx: Connection, now: datetime, limit: int) -> int:
    """Delete events that were delivered; those that wait or are dead stay."""
    before = now - timedelta(days=installation().settings.outbox_days)
    return forget_delivered(tx, before, limit)


def _forget_work(tx: Connection, now: datetime, limit: int) -> int:
    """Delete runs of jobs and queued work that is done; dead work stays until a person sees it."""
    before = now - timedelta(days=installation().settings.job_days)
    return forget_runs(tx, before, limit) + forget_done(tx, before, limit)
