"""The words of cards."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CardState(StrEnum):
    """The life of a card; `blocked` and `replaced` are final."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    REPLACED = "replaced"


class Assurance(StrEnum):
    """How sure we are that the member is present, from a live phone to a known number."""

    FRESH_QR = "fresh_qr"
    STALE_QR = "stale_qr"
    CARD = "card"
    PHONE = "phone"
    EMAIL = "email"
    EXTERNAL_ID = "external_id"
    SPOKEN = "spoken"
    ID = "id"


@dataclass(frozen=True, slots=True)
class RotatingCode:
    """A scanned payload, taken apart: which card, and the eight digits."""

    card_id: str
    digits: str


@dataclass(frozen=True, slots=True)
class Card:
    """A card as stored; the master secret stays sealed."""

    id: str
    member_id: str
    number: str
    state: CardState
    qr_secret_sealed: str
    last_used_step: int | None


@dataclass(frozen=True, slots=True)
class SpokenCode:
    """A code to say aloud and the instant it ends."""

    code: str
    expires_at: datetime
