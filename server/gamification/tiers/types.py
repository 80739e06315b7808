"""The words of tiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MULTIPLIER_ONE = 10_000
"""Multipliers and percentages are whole basis points: 10 000 is times one or 100 %."""


class Entry(StrEnum):
    """How a tier is entered."""

    THRESHOLD = "threshold"
    INVITATION = "invitation"


class Basis(StrEnum):
    """What is counted towards tiers; never the spendable balance."""

    QUALIFYING_POINTS = "qualifying_points"
    SPEND = "spend"
    VISITS = "visits"


class Source(StrEnum):
    """Why a member holds a tier."""

    EARNED = "earned"
    INVITED = "invited"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Benefit:
    """One thing a tier gives; `kind` is open, `titles` are by locale for kind `text`."""

    kind: str
    value: int = 0
    titles: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of the ladder. `threshold` is in units of the ladder's basis."""

    id: str
    key: str
    rank: int
    names: Mapping[str, str]
    entry: Entry
    threshold: int
    earn_multiplier_bp: int
    discount_bp: int
    benefits: tuple[Benefit, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """All tiers by rising rank and what counts towards them."""

    basis: Basis
    tiers: tuple[Tier, ...]

    def get(self, tier_id: str | None) -> Tier | None:
        """Return the tier of this id, or None when there is none (any more)."""
        return next((tier for tier in self.tiers if tier.id == tier_id), None)

    def by_key(self, key: str) -> Tier | None:
        """Return the tier of this key (`gold`), or None."""
        return next((tier for tier in self.tiers if tier.key == key), None)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands: the tier, since when and why, and whether staff locked it.

    `floor_id` is the tier that was given by invitation or by hand, below which nobody falls.
    """

    tier_id: str | None
    since_at: datetime | None
    source: Source
    is_locked: bool = False
    floor_id: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A bar: `pct` is floored, so it is never full before the goal is reached."""

    current: int
    target: int
    remaining: int
    pct: int
    unit: str


@dataclass(frozen=True, slots=True)
class TierChange:
    """A move on the ladder."""

    from_id: str | None
    to_id: str | None
    is_upgrade: bool
