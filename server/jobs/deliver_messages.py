"""Give messages that are due to their senders; slow services hold up nobody but this job."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from server.core.db import transaction
from server.core.installation import installation
from server.gamification.programme.errors import ProgrammeMissing
from server.notifications.delivering import let_go, note_reports
from server.notifications.senders.kept import sender_for
from server.notifications.senders.port import Outgoing, Report, Result, Sender
from server.notifications.types import Channel

log = structlog.get_logger(__name__)


def run(*, now: datetime, limit: int = 100) -> int:
    """Decide on about `limit` deliveries that are due and send those that may go; return how many
    were decided on. One round is a run: the next one reads the clock again.
    """
    senders = {channel: sender_for(channel) for channel in Channel}
    names = {channel: sender.name for channel, sender in senders.items()}
    base_url = installation().settings.base_url
    try:
        with transaction() as tx:
            found = let_go(tx, names, base_url, now, limit)
    except ProgrammeMissing:
        return 0
    for channel, sender in senders.items():
        batch = [one for one in found.outgoing if one.channel is channel]
        if batch:
            _send(sender, batch, now)
    return found.decided


def _send(sender: Sender, batch: Sequence[Outgoing], now: datetime) -> None:
    """Send and note; a sender that fails as a whole is tried again."""
    try:
        reports = sender.send(batch, now)
    except Exception as error:
        log.error("message.sender_failed", sender=sender.name, exc_info=True)
        reports = [Report(Result.RETRY, type(error).__name__)] * len(batch)
    with transaction() as tx:
        note_reports(tx, list(zip(batch, reports, strict=True)), now)
