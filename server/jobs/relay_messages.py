"""Tell members what happened to them: events of the outbox become messages."""

from contextlib import suppress
from datetime import datetime

from server.core.db import transaction
from server.gamification.programme.errors import ProgrammeMissing
from server.notifications.relay import relay_events

BATCH = 200


def run(*, now: datetime, limit: int = 1000) -> int:
    """Look at up to `limit` events, in small transactions; return how many."""
    seen = 0
    with suppress(ProgrammeMissing):
        while seen < limit:
            with transaction() as tx:
                found = relay_events(tx, now, min(BATCH, limit - seen))
            seen += found
            if not found:
                break
    return seen
