"""The words of streaks: what is configured, and where a member's run is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from server.gamification.definitions.benefits import Benefit
from server.gamification.facts.matching import ActivityFilter
from server.gamification.programme.types import ClosedDays

Texts = Mapping[str, str]
"""A text by language."""


class PeriodKind(StrEnum):
    """In what a streak is counted. Weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class GapKind(StrEnum):
    """Why a missed period breaks nothing: a freeze was used, or a journey left the day out."""

    FROZEN = "frozen"
    SKIPPED = "skipped"


class OnRefund(StrEnum):
    """Whether a return takes back the milestones that only what came back had reached."""

    TAKE_BACK = "take_back"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Milestone:
    """What is given when the run is `at` long; with `repeats` at every multiple of it too."""

    at: int
    benefits: tuple[Benefit, ...]
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Freezes:
    """Freezes: how many one has to begin with and at most, and what another costs (0: not sold)."""

    start: int = 0
    most: int = 0
    price_points: int = 0


@dataclass(frozen=True, slots=True)
class Streak:
    """A streak as it is configured."""

    id: str
    key: str
    names: Texts
    period: PeriodKind
    texts: Texts = field(default_factory=lambda: MappingProxyType({}))
    filter: ActivityFilter = field(default_factory=ActivityFilter)
    milestones: tuple[Milestone, ...] = ()
    freezes: Freezes = field(default_factory=Freezes)
    on_refund: OnRefund = OnRefund.TAKE_BACK


@dataclass(frozen=True, slots=True)
class Run:
    """Where a member is in a streak. Periods are named by their first day.

    `current` periods count in the run that began with `run_from_on`; `last_on` is the last one that
    counts and `last_at` its last activity; up to `settled_on` gaps are settled. `peak` is the
    length up to which the run's milestones are reached.
    """

    member_id: str
    streak_id: str
    current: int = 0
    best: int = 0
    peak: int = 0
    freezes: int = 0
    run_from_on: date | None = None
    last_on: date | None = None
    settled_on: date | None = None
    last_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Whose run in which streak it is."""
        return self.member_id, self.streak_id

    @property
    def known_until(self) -> date | None:
        """The last period of which it is known what became of it."""
        known = [day for day in (self.last_on, self.settled_on) if day is not None]
        return max(known) if known else None


@dataclass(frozen=True, slots=True)
class Calendar:
    """The programme's zone and the days on which the shop is closed."""

    zone: ZoneInfo
    closed: ClosedDays


@dataclass(frozen=True, slots=True)
class Bridge:
    """How the periods between two are got over: those that used a freeze, and whether it held."""

    frozen: tuple[date, ...] = ()
    skipped: tuple[date, ...] = ()
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """A milestone that was reached: how long the run was, and what it gives."""

    level: int
    benefits: tuple[Benefit, ...]


@dataclass(frozen=True, slots=True)
class Advance:
    """What an activity did: the run now, its period, gaps got over, milestones reached.

    `is_late` says that it lies before what is known: the run must be worked out anew.
    """

    run: Run
    period_on: date
    gaps: Mapping[date, GapKind] = field(default_factory=lambda: MappingProxyType({}))
    reached: tuple[Reached, ...] = ()
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What is stored of a member in a streak: periods with activities, and gaps got over."""

    counted: frozenset[date]
    gaps: Mapping[date, GapKind]
