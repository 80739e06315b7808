"""Giving a badge to all who have earned it, and counting how rare badges are."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from server.core import clock, queue
from server.core.db import transaction
from server.core.queue import Claimed
from server.gamification.badges.backfill import backfill
from server.gamification.badges.rarity import count_rarity
from server.gamification.grants.awarding import give_for_awards

AWARD_BADGES = "award_badges"


def run_rarity(*, now: datetime, limit: int) -> int:
    """Count how rare badges are; return how many levels somebody holds. `limit` is never reached:
    one count is all that is due.
    """
    with transaction() as tx:
        return min(count_rarity(tx, now), limit - 1)


def award_claimed(claimed: Claimed, _now: datetime) -> int:
    """Work at a queued back-fill to its end, keeping its lease; return how many awards."""
    return award_all(claimed.payload["backfill_id"], lambda tx, now: queue.keep(tx, claimed, now))


def award_all(backfill_id: str, keep: Callable[[Connection, datetime], None] | None = None) -> int:
    """Give a page of members after the other the badge and what it brings; a transaction each."""
    awarded, is_finished = 0, False
    while not is_finished:
        now = clock.now()
        with transaction() as tx:
            if keep is not None:
                keep(tx, now)
            step = backfill(tx, backfill_id, now)
            give_for_awards(tx, step.awards, now)
        awarded, is_finished = awarded + len(step.awards), step.is_finished
    return awarded
