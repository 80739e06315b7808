"""What a sender is: it is given what the rules let go, and never decides anything itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from server.notifications.payloads import Envelope
from server.notifications.types import Channel


class Result(StrEnum):
    """What became of a delivery: taken, to be tried again, or refused for good."""

    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A delivery on its way out. The id of its message tells doubles apart."""

    delivery_id: str
    message_id: str
    member_id: str
    channel: Channel
    attempt: int
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one delivery; `after` is how long to wait where the service said so."""

    result: Result
    error: str | None = None
    after: timedelta | None = None


class Sender(Protocol):
    """Gives deliveries to a service. It may be slow, but opens no transaction while it waits."""

    name: str

    def send(self, batch: Sequence[Outgoing], now: datetime) -> Sequence[Report]:
        """Return a report for each of `batch`, in order."""
