"""Make the messages of published announcements, in pages."""

from contextlib import suppress
from datetime import datetime

from server.core.db import reading, transaction
from server.gamification.programme.errors import ProgrammeMissing
from server.notifications.announcements import announce_page, due_announcements

PAGE = 500


def run(*, now: datetime, limit: int = 2000) -> int:
    """Look at up to `limit` members for announcements that are due; return how many."""
    looked = 0
    with suppress(ProgrammeMissing):
        with reading() as tx:
            waiting = due_announcements(tx, now)
        while waiting and looked < limit:
            with transaction() as tx:
                page = announce_page(tx, waiting[0], now, min(PAGE, limit - looked))
            looked += page.looked
            if page.is_last:
                waiting.pop(0)
    return looked
