"""Greet members whose day of the year has come where they live."""

from datetime import datetime

from server.core.db import reading, transaction
from server.gamification.greetings.queries import page_of_near
from server.gamification.greetings.service import greet, start_greetings
from server.gamification.greetings.types import GreetingKind
from server.gamification.programme.errors import ProgrammeMissing

BATCH = 100


def run(*, now: datetime, limit: int = 1000) -> int:
    """Greet up to about `limit` members of each kind of greeting; return how many."""
    try:
        with transaction() as tx:
            kinds = start_greetings(tx, now)
    except ProgrammeMissing:
        return 0
    return sum(_greet_all(kind, now, limit) for kind in kinds)


def _greet_all(kind: GreetingKind, now: datetime, limit: int) -> int:
    """Go through everybody whose day is near, a small transaction for each page."""
    greeted, after_id = 0, ""
    while greeted < limit:
        with reading() as tx:
            ids = page_of_near(tx, kind, now, after_id, BATCH)
        if not ids:
            break
        with transaction() as tx:
            greeted += greet(tx, kind, ids, now)
        after_id = ids[-1]
    return greeted
