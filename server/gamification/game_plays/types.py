"""The words of plays."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Pay(StrEnum):
    """What a member plays with: a play that is there, or points."""

    PLAY = "play"
    POINTS = "points"


class Source(StrEnum):
    """Where a play came from: the day's free ones, plays given, or points."""

    FREE = "free"
    CREDIT = "credit"
    POINTS = "points"


class Outcome(StrEnum):
    """What became of a play; `points` are the consolation."""

    LOST = "lost"
    PRIZE = "prize"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who plays which version of which game, with which nonce of their own, paid how."""

    member_id: str
    nonce: str
    pay: Pay
    actor: str


@dataclass(frozen=True, slots=True)
class Left:
    """What a member has to play with: free plays of the day, plays given, and how many of them
    may be used today.
    """

    free: int
    given: int
    today: int

    @property
    def plays(self) -> int:
        """How many plays can be made now without paying."""
        return min(self.free + self.given, self.today)


@dataclass(frozen=True, slots=True)
class Paid:
    """How a play was paid: from where, the credit it was taken of, the transfer of its price."""

    source: Source
    credit_id: str | None = None
    price: int = 0
    transfer_id: str | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """A play. `prize_key` is what chance pointed at; with the outcome `points` it may be another
    prize that was out of stock. `losses_before` are the losses in a row before it.
    """

    id: str
    member_id: str
    game_id: str
    version: int
    number: int
    nonce_hash: str
    losses_before: int
    source: Source
    outcome: Outcome
    prize_key: str | None
    grant_id: str | None
    is_forced: bool
    played_at: datetime
