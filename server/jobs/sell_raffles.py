"""Open raffles whose time has come, and tell entrants a day before the end."""

from datetime import datetime

from server.core.db import transaction
from server.gamification.tickets.selling import open_raffles, tell_closing


def run(*, now: datetime, limit: int) -> int:  # noqa: ARG001 - all that is due, there are few
    """Open and tell whatever is due; return how many raffles opened and entrants were told."""
    with transaction() as tx:
        return open_raffles(tx, now) + tell_closing(tx, now)
