"""The sender of an installation without any service: what would leave is kept to be looked at.

`fairstar outbox` shows it, so that developers see pushes without an account anywhere.
"""

from collections.abc import Sequence
from datetime import datetime

from server.notifications.senders.port import Outgoing, Report, Result, Sender
from server.notifications.types import Channel


class Outbox:
    """Takes everything; the message and its delivery are what is kept."""

    name = "outbox"

    def send(self, batch: Sequence[Outgoing], now: datetime) -> Sequence[Report]:
        """Return that everything was taken."""
        return [Report(Result.SENT) for _ in batch]


OUTBOX_SENDER = Outbox()


def sender_for(_channel: Channel) -> Sender:
    """Return who sends over a channel: the outbox, while no service is configured."""
    return OUTBOX_SENDER
