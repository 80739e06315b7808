"""The words of star cards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.gamification.definitions.benefits import Benefit
from server.gamification.definitions.images import Image


class ClaimMode(StrEnum):
    """Whether a full card is exchanged by the member or by itself."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


class CardState(StrEnum):
    """How a member's card stands."""

    COLLECTING = "collecting"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class StarCard:
    """A published star card: `target` stars of the unit are exchanged for the gift.

    `head_start` stars are given once, when the member's first card begins. Cards of the same unit
    share its stars: the member chooses what for.
    """

    id: str
    key: str
    names: Mapping[str, str]
    texts: Mapping[str, str]
    unit: str
    target: int
    gift: tuple[Benefit, ...]
    gift_names: Mapping[str, str]
    head_start: int = 0
    claim: ClaimMode = ClaimMode.MANUAL
    image: Image | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """A member's card: stars on the current one, and how many full ones wait to be claimed."""

    card: StarCard
    stars: int
    full: int

    @property
    def state(self) -> CardState:
        """Whether there is something to claim."""
        return CardState.FULL if self.full else CardState.COLLECTING
