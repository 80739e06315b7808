"""Cancel purchases whose confirmation did not come in time."""

from datetime import datetime

from server.core.db import transaction
from server.gamification.confirmations.cancelling import cancel_unconfirmed

BATCH = 20


def run(*, now: datetime, limit: int = 200) -> int:
    """Cancel up to `limit` purchases in small transactions; return how many."""
    moved = 0
    while moved < limit:
        most = min(BATCH, limit - moved)
        with transaction() as tx:
            found = cancel_unconfirmed(tx, now, most)
        moved += found
        if found < most:
            break
    return moved
