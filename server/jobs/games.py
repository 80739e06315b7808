"""Games begin and end: published versions get a seed, those that are over tell theirs."""

from datetime import datetime

from server.core.db import transaction
from server.core.installation import installation
from server.gamification.games.credits import lapse_plays
from server.gamification.games.editions import end_editions, open_editions


def run(*, now: datetime, limit: int = 100) -> int:
    """End and open editions, and end up to `limit` credits of plays; return how many."""
    vault = installation().vault
    with transaction() as tx:
        moved = end_editions(tx, vault, now) + open_editions(tx, vault, now)
    with transaction() as tx:
        return moved + lapse_plays(tx, now, limit)
