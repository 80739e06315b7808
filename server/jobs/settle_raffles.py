"""After a draw: consolation prizes, news, deadlines of main prizes, and the end of the raffle."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from server.core.db import reading, transaction
from server.gamification.raffle_draws.telling import list_untold, tell_results
from server.gamification.raffle_prizes.claiming import (
    close_raffle,
    lapse_prizes,
    warn_winners,
)
from server.gamification.raffle_prizes.giving import give_claimed, give_consolations
from server.gamification.raffle_prizes.queries import list_deliverable, list_told
from server.jobs.batches import in_batches

BATCH = 20
TELLING_BATCH = 1000


def run(*, now: datetime, limit: int) -> int:
    """Do up to `limit` of each thing that is due after draws; return how many were done."""
    done = in_batches(give_consolations, now, limit, BATCH) + _tell(now)
    done += in_batches(lapse_prizes, now, limit, BATCH) + in_batches(
        warn_winners, now, limit, BATCH
    )
    return done + _one_by_one(_deliverable(now), now) + _close(now)


def _tell(now: datetime) -> int:
    with reading() as tx:
        raffles = list_untold(tx)
    told = 0
    for raffle_id in raffles:
        some = partial(_tell_some, raffle_id)
        told += in_batches(some, now, 10**9, TELLING_BATCH)
    return told


def _tell_some(raffle_id: str, tx: Connection, now: datetime, most: int) -> int:
    return tell_results(tx, raffle_id, now, most)


def _deliverable(now: datetime) -> list[str]:
    with reading() as tx:
        return list_deliverable(tx, now)


def _one_by_one(win_ids: Sequence[str], now: datetime) -> int:
    given = 0
    for win_id in win_ids:
        with transaction() as tx:
            given += give_claimed(tx, [win_id], now)
    return given


def _close(now: datetime) -> int:
    with reading() as tx:
        raffles = list_told(tx)
    closed = 0
    for raffle_id in raffles:
        with transaction() as tx:
            closed += close_raffle(tx, raffle_id, now)
    return closed
