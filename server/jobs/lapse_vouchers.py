"""End vouchers whose time has passed: what they held goes back, and their piece to the shelf."""

from datetime import datetime

from server.core.db import transaction
from server.gamification.vouchers.ending import lapse_vouchers

BATCH = 20


def run(*, now: datetime, limit: int = 200) -> int:
    """End up to `limit` overdue vouchers in small transactions; return how many."""
    ended = 0
    while ended < limit:
        most = min(BATCH, limit - ended)
        with transaction() as tx:
            found = lapse_vouchers(tx, now, most)
        ended += found
        if found < most:
            break
    return ended
