"""The words of tiers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

MULTIPLIER_ONE = 10_000
"""Multipliers and percentages are whole basis points: 10 000 is times one or 100 %."""


class Entry(StrEnum):
    """How a tier is entered."""

    THRESHOLD = "threshold"
    INVITATION = "invitation"
    PAID = "paid"


class Basis(StrEnum):
    """What is counted towards tiers; never the spendable balance."""

    QUALIFYING_POINTS = "qualifying_points"
    SPEND = "spend"
    VISITS = "visits"


class Source(StrEnum):
    """Why a member holds a tier; `idle`: fallen below what is earned, for want of visits."""

    EARNED = "earned"
    INVITED = "invited"
    MANUAL = "manual"
    PAID = "paid"
    IDLE = "idle"


class WindowKind(StrEnum):
    """Over which time activity counts towards a tier."""

    LIFETIME = "lifetime"
    ROLLING = "rolling"
    CALENDAR = "calendar"
    SINCE_START = "since_start"


class Keep(StrEnum):
    """Until when an earned tier is safe: the end of its period, or of the one after it."""

    PERIOD = "period"
    NEXT_PERIOD = "next_period"


class Downgrade(StrEnum):
    """Where a tier that was not renewed goes: one step down, or to what the score earns."""

    ONE_STEP = "one_step"
    RECOMPUTE = "recompute"


class CountingFrom(StrEnum):
    """When a window that is switched on begins to count."""

    NOW = "now"
    NEXT_PERIOD = "next_period"


class Kind(StrEnum):
    """What became of a standing; `assigned`: people gave the tier that the member had already."""

    UPGRADED = "upgraded"
    RENEWED = "renewed"
    DOWNGRADED = "downgraded"
    GRACE = "grace"
    KEPT = "kept"
    ASSIGNED = "assigned"


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
class Window:
    """The time that counts; `months` long (12, 3 or 1 by the calendar: years, quarters, months)."""

    kind: WindowKind = WindowKind.LIFETIME
    months: int = 12


@dataclass(frozen=True, slots=True)
class Scheme:
    """How tiers are kept and lost. Dates are calendar dates in `zone`, the programme's.

    Before `counts_from_on` the whole membership counts, as without a window. `idle_months` 0: no
    downgrade for want of visits.
    """

    window: Window = field(default_factory=Window)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    counts_from_on: date | None = None
    keep: Keep = Keep.PERIOD
    downgrade: Downgrade = Downgrade.RECOMPUTE
    grace_days: int = 0
    idle_months: int = 0
    almost_pct: int = 10

    @property
    def is_windowed(self) -> bool:
        """Whether qualifying days are kept at all."""
        return self.window.kind is not WindowKind.LIFETIME


@dataclass(frozen=True, slots=True)
class Ladder:
    """All tiers by rising rank, what counts towards them, and how they are kept."""

    basis: Basis
    tiers: tuple[Tier, ...]
    scheme: Scheme = field(default_factory=Scheme)

    def get(self, tier_id: str | None) -> Tier | None:
        """Return the tier of this id, or None when there is none (any more)."""
        return next((tier for tier in self.tiers if tier.id == tier_id), None)

    def by_key(self, key: str) -> Tier | None:
        """Return the tier of this key (`gold`), or None."""
        return next((tier for tier in self.tiers if tier.key == key), None)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands: the tier, since when and why, and whether staff locked it.

    `floor_id` is a tier given by invitation, by hand or for a fee, below which nobody falls before
    `floor_until_on` is over. `keep_until_on` is the last day on which the tier is safe (in a
    rolling window perhaps later), `grace_until_on` the last day of grace after it.
    `period_from_on` is the first day of the period whose score earned the tier, None when none did.
    On `review_on`, perhaps, something changes by itself.
    """

    tier_id: str | None
    since_at: datetime | None
    source: Source
    is_locked: bool = False
    floor_id: str | None = None
    floor_until_on: date | None = None
    keep_until_on: date | None = None
    grace_until_on: date | None = None
    period_from_on: date | None = None
    idle_review_on: date | None = None
    review_on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar days from the first to the last, both included."""

    first_on: date
    last_on: date


@dataclass(slots=True)
class Tally:
    """What a member has to show towards tiers, in units of the ladder's basis.

    `days` are scores by calendar day (or in sums at the first day of a month, where whole months
    count); empty without a window. Periods since the start are counted from `joined_on`.
    """

    joined_on: date
    lifetime: int
    last_visit_on: date | None = None
    days: list[tuple[date, int]] = field(default_factory=list)

    def within(self, period: Period) -> int:
        """Return the score of a period; returns may have pushed it below zero."""
        first, last = period.first_on, period.last_on
        return max(0, sum(score for day, score in self.days if first <= day <= last))


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a score earns, until when, and the first day of the period that earned it."""

    tier: Tier | None
    keep_until_on: date | None = None
    period_from_on: date | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """One decision about a standing: what became of it on which day."""

    kind: Kind
    on: date
    from_id: str | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a member needs to know: the score now and its deadline; what is needed to stay.

    `keep_score` is what will still count on the day after `keep_on` if nothing more is bought.
    """

    score: int
    by_on: date | None = None
    keep_on: date | None = None
    keep_score: int = 0
    is_grace: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """A bar: `pct` is floored, so it is never full before the goal is reached."""

    current: int
    target: int
    remaining: int
    pct: int
    unit: str
