"""The words of tickets."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.gamification.conditions.types import Subject


class Source(StrEnum):
    """How tickets were had."""

    BOUGHT = "bought"
    FREE = "free"
    GRANTED = "granted"


class EntryState(StrEnum):
    """Tickets count until the entrant gives them back, the purchase or challenge that gave them is
    undone, or the raffle is cancelled.
    """

    COUNTED = "counted"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants to enter which raffle, with how many tickets; `nonce` is hex of the app's own."""

    member_id: str
    raffle_id: str
    tickets: int
    actor: str
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A member who wants to enter, as the rules see one."""

    subject: Subject
    status: str
    merged_into_id: str | None
    has_phone: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One act of entering as stored; `price` is for all its tickets together."""

    id: str
    raffle_id: str
    member_id: str
    source: Source
    state: EntryState
    tickets: int
    unit: str
    price: int
    transfer_id: str | None
    period: str
    ref_id: str | None
    nonce: str
    actor: str
    created_at: datetime
    ended_at: datetime | None
