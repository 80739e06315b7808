"""Work at the nights that are due, oldest first."""

from contextlib import suppress
from datetime import datetime

import structlog

from server.core.db import transaction
from server.gamification.nights.errors import LeaseLost
from server.gamification.nights.rules import MISSED_MAX
from server.gamification.nights.service import lease_night, release_night, work_at
from server.gamification.nights.types import Night
from server.gamification.programme.errors import ProgrammeMissing

log = structlog.get_logger(__name__)


def run(*, now: datetime, limit: int = 5, missed_max: int | None = MISSED_MAX) -> int:
    """Do up to `limit` batches of the nights that are due; return how many.

    Another worker goes on as soon as this returns. Raises NightsMissed.
    """
    done = 0
    with suppress(LeaseLost, ProgrammeMissing):
        while done < limit:
            with transaction() as tx:
                night = lease_night(tx, now, missed_max)
            if night is None:
                break
            done += _work(night, now, limit - done)
    return done


def _work(night: Night, now: datetime, limit: int) -> int:
    """Do up to `limit` batches of a night; give it back if it is not over then."""
    left: Night | None = night
    for done in range(1, limit + 1):
        with transaction() as tx:
            left = work_at(tx, night if left is None else left, now)
        if left is None:
            log.info("night.done", night=str(night.on))
            return done
    with transaction() as tx:
        release_night(tx, night)
    return limit
