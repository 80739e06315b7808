"""The words of games."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.gamification.conditions.types import Subject
from server.gamification.definitions.benefits import Benefit
from server.gamification.definitions.images import Image

FLOOR = (1, 4)
"""Every play wins with at least this chance: numerator and denominator."""
LOSSES_MAX = 3
"""Under `never_unlucky` the play after so many losses in a row is a sure win."""
CONSOLATION = "points"
"""The key of the prize that never runs out; no other prize may have it."""


class Look(StrEnum):
    """What the app draws; it decides nothing."""

    WHEEL = "wheel"
    SCRATCH = "scratch"
    BOXES = "boxes"


class Mode(StrEnum):
    """How chance works: every play alike, or never four losses in a row."""

    FAIR_COIN = "fair_coin"
    NEVER_UNLUCKY = "never_unlucky"


class Per(StrEnum):
    """The period of a pacing: an hour, or a day of the programme's zone."""

    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Chance:
    """A chance as a fraction `p`/`q` of whole numbers."""

    p: int
    q: int


@dataclass(frozen=True, slots=True)
class Pacing:
    """At most `count` of a prize are given in each period."""

    count: int
    per: Per


@dataclass(frozen=True, slots=True)
class Prize:
    """A prize: its share of the wins by `weight`, what it gives, what it costs the shop.

    `stock` is None when it never runs out. The consolation is a prize too.
    """

    key: str
    names: Mapping[str, str]
    weight: int
    benefits: tuple[Benefit, ...]
    value_minor: int = 0
    stock: int | None = None
    pacing: Pacing | None = None
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class Game:
    """A game at one published version.

    `consolation` takes the place of a prize that is out of stock; of its own weight it may have
    none. `price_points` is 0 where plays cannot be bought, `per_day_max` and `plays_days` are 0
    where nothing limits plays in a day or the days for which plays given keep.
    """

    id: str
    key: str
    names: Mapping[str, str]
    texts: Mapping[str, str]
    look: Look
    mode: Mode
    chance: Chance
    prizes: tuple[Prize, ...]
    consolation: Prize
    price_points: int = 0
    free_per_day: int = 0
    per_day_max: int = 0
    plays_days: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    image: Image | None = None
    is_for: Callable[[Subject], bool] | None = None
    version: int = 0

    @property
    def segments(self) -> tuple[Prize, ...]:
        """All that can be won, in the order of the published odds; the consolation is last."""
        return (*self.prizes, self.consolation)

    def prize(self, key: str) -> Prize:
        """Return a prize by its key."""
        return next(prize for prize in self.segments if prize.key == key)


@dataclass(frozen=True, slots=True)
class Edition:
    """A published version of a game with a seed of its own.

    `seed_hash` was published before the first play; `seed` (hex) is known when it has ended.
    """

    id: str
    game_id: str
    version: int
    seed_hash: str
    opened_at: datetime
    ended_at: datetime | None
    seed: str | None
