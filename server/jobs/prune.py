"""Forget what was kept for a time only: answers for idempotency keys, old runs, refused rows."""

from datetime import datetime

from server.core.db import transaction
from server.core.idempotency import sweep_idempotency
from server.integrations.csv.runs import forget_refusals
from server.jobs.runs import forget_runs


def run(*, now: datetime, limit: int = 5000) -> int:
    """Delete what is out of date, up to `limit` rows of each kind of run; return how many."""
    with transaction() as tx:
        swept = sweep_idempotency(tx, now=now)
    with transaction() as tx:
        return swept + forget_refusals(tx, now) + forget_runs(tx, now, limit)
