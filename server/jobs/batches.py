"""Many small transactions instead of a long one."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from server.core.db import transaction

Some = Callable[[Connection, datetime, int], int]
"""Does up to so many things that are due; returns how many there were."""


def in_batches(some: Some, now: datetime, limit: int, size: int) -> int:
    """Do up to `limit` things, `size` in a transaction, while there are more; return how many."""
    done = 0
    while done < limit:
        most = min(size, limit - done)
        with transaction() as tx:
            found = some(tx, now, most)
        done += found
        if found < most:
            break
    return done
