"""The words of transfers between members."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Giving:
    """What is to be done: `sender_id` gives `recipient_id` so much of a unit."""

    sender_id: str
    recipient_id: str
    unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class MemberTransfer:
    """What one member gave another."""

    id: str
    sender_id: str
    recipient_id: str
    unit: str
    amount: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """Points of one lot on their way: when they were earned and until when they can be used.

    `grace_id` is the lot when it is a grace lot: what was given again has no other grace.
    """

    amount: int
    earned_at: datetime
    expires_at: datetime | None
    grace_id: str | None = None
