"""The words of raffles."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from server.gamification.beacons.types import Source
from server.gamification.conditions.types import Subject
from server.gamification.definitions.images import Image

Texts = Mapping[str, str]
"""A text by language."""
CAPPED_TICKETS_PER_PRIZE = 4


class Policy(StrEnum):
    """How one in four is kept: by a second draw of consolation prizes among all who did not win,
    or by selling at most four tickets for each prize.
    """

    SECOND_CHANCE = "second_chance"
    CAPPED = "capped"


class RaffleState(StrEnum):
    """The life of a raffle that was published; before that it is a draft."""

    PUBLISHED = "published"
    SELLING = "selling"
    SEALED = "sealed"
    DRAWN = "drawn"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Period(StrEnum):
    """How often one may enter for nothing, by the programme's calendar."""

    ONCE = "once"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Price:
    """What a ticket costs."""

    unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class FreeEntry:
    """The way in that costs nothing: so many tickets, once in each period."""

    tickets: int
    period: Period


@dataclass(frozen=True, slots=True)
class ForPurchases:
    """Tickets for buying: so many for each `per_minor` of one purchase, at most `most`."""

    per_minor: int
    tickets: int
    most: int


@dataclass(frozen=True, slots=True)
class Entry:
    """Who may enter: members of these tiers (any when empty) for whom the condition holds, which
    `words` say for people.
    """

    tiers: tuple[str, ...] = ()
    age_min: int = 0
    needs_phone: bool = False
    words: Texts = field(default_factory=lambda: MappingProxyType({}))
    holds: Callable[[Subject], bool] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Prize:
    """A main prize, `quantity` times, worth `value_minor` each; `reward` is a key of the catalogue
    when it is one of its rewards, else the prize is handed over by people.
    """

    names: Texts
    quantity: int
    value_minor: int
    reward: str
    image: Image | None


@dataclass(frozen=True, slots=True)
class Consolation:
    """What a consolation prize is: an amount of points (or of another unit), worth in money."""

    unit: str
    amount: int
    value_minor: int


@dataclass(frozen=True, slots=True)
class Organiser:
    """Who answers for the raffle, and where to ask."""

    name: str
    contact: str


@dataclass(frozen=True, slots=True)
class Raffle:
    """A raffle as it was published in a version.

    `budget` is the most that consolation prizes may cost together, in their unit; `entrants_max`
    is 0 for as many as the budget allows; with fewer than `entrants_min` it does not take place.
    `is_given`: challenges, badges and the like give tickets. `accepted` are codes of findings that
    the owner accepts, who is named by `accepted_by`.
    """

    id: str
    key: str
    names: Texts
    texts: Texts
    image: Image | None
    policy: Policy
    opens_at: datetime
    closes_at: datetime
    price: Price | None
    cap: int
    free_entry: FreeEntry | None
    purchases: ForPurchases | None
    is_given: bool
    entry: Entry
    prizes: tuple[Prize, ...]
    consolation: Consolation | None
    budget: int
    entrants_max: int
    entrants_min: int
    accepted: tuple[str, ...]
    accepted_by: str
    beacon: Source
    claim_days: int
    complaint_days: int
    regions: tuple[str, ...]
    organiser: Organiser
    receiving: Texts = field(default_factory=lambda: MappingProxyType({}))
    version: int = 0

    @property
    def gives_tickets(self) -> bool:
        """Whether tickets come by themselves, with purchases or as gifts of other things."""
        return self.purchases is not None or self.is_given

    @property
    def main_prizes(self) -> int:
        """How many main prizes there are (Wm)."""
        return sum(prize.quantity for prize in self.prizes)

    @property
    def fund_minor(self) -> int:
        """What all prizes are worth at most."""
        main = sum(prize.quantity * prize.value_minor for prize in self.prizes)
        if self.consolation is None:
            return main
        return main + self.budget // self.consolation.amount * self.consolation.value_minor


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a raffle is: its row. `consolations` is the announced number (Wc), which never
    falls; `entrants` (N) and `tickets` (T) are those that count now.
    """

    id: str
    version: int
    state: RaffleState
    policy: Policy
    opens_at: datetime
    closes_at: datetime
    draws_at: datetime
    source: str
    chain_hash: str
    round: int
    rules_hash: str
    pseudonym_key: str = field(repr=False)
    prizes: int
    cap: int
    entrants_min: int
    entrants_max: int
    entrants: int
    tickets: int
    consolations: int
    published_at: datetime
    entered_at: datetime | None
    told_closing_at: datetime | None
    sealed_at: datetime | None
    drawn_at: datetime | None
    closed_at: datetime | None
    cancelled_at: datetime | None
