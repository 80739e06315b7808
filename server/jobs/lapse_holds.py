"""Give back what holds have set aside when their time has passed."""

from datetime import datetime

from server.core.db import transaction
from server.gamification.holds import service

BATCH = 20


def run(*, now: datetime, limit: int = 200) -> int:
    """Lapse up to `limit` overdue holds in small transactions; return how many."""
    moved = 0
    while moved < limit:
        most = min(BATCH, limit - moved)
        with transaction() as tx:
            lapsed = service.lapse_holds(tx, now, most)
        moved += lapsed
        if lapsed < most:
            break
    return moved
