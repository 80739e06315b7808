"""The words of challenges: what is configured, and how far a member is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from server.gamification.definitions.benefits import Benefit
from server.gamification.definitions.images import Image
from server.gamification.definitions.questions import Quiz
from server.gamification.facts.matching import ActivityFilter, DistinctBy

Texts = Mapping[str, str]
"""A text by language."""
END = "end"
"""The stage of having done all of it."""


class Metric(StrEnum):
    """What is counted: activities, a number of them, different things, money, pieces, steps done,
    or right answers.
    """

    COUNT = "count"
    SUM = "sum"
    DISTINCT = "distinct"
    SPEND = "spend"
    CATEGORY = "category"
    STEPS = "steps"
    QUIZ = "quiz"


class OnRefund(StrEnum):
    """Whether a return takes back what was given for what came back."""

    TAKE_BACK = "take_back"
    KEEP = "keep"


class Claim(StrEnum):
    """Whether members fetch what they earned or get it at once."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a challenge, and what it gives by itself."""

    key: str
    names: Texts
    filter: ActivityFilter
    benefits: tuple[Benefit, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """When it counts: between two instants, or for `days` of each member's own (0: not so)."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    days: int = 0


@dataclass(frozen=True, slots=True)
class Requires:
    """Who may begin: members of these tiers, holders of all these badges, who have done all these
    challenges. An empty list asks for nothing.
    """

    tiers: tuple[str, ...] = ()
    badges: tuple[str, ...] = ()
    challenges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Milestone:
    """What is given on the way, at `at`."""

    at: int
    benefits: tuple[Benefit, ...]


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge as it is configured.

    `times` is how often it can be done (0: without end), with at least `cool_down_days` calendar
    days from one end to the next beginning. What was earned can be claimed for `claim_days` (0:
    without end).
    """

    id: str
    key: str
    names: Texts
    metric: Metric
    target: int
    texts: Texts = field(default_factory=lambda: MappingProxyType({}))
    image: Image | None = None
    filter: ActivityFilter = field(default_factory=ActivityFilter)
    distinct_by: DistinctBy = DistinctBy.DAY
    sum_of: str = "items"
    steps: tuple[Step, ...] = ()
    is_in_order: bool = False
    quiz: Quiz | None = None
    window: Window = field(default_factory=Window)
    requires: Requires = field(default_factory=Requires)
    is_opt_in: bool = False
    times: int = 1
    cool_down_days: int = 0
    milestones: tuple[Milestone, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    claim: Claim = Claim.MANUAL
    claim_days: int = 0
    on_refund: OnRefund = OnRefund.TAKE_BACK


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a member is in one round of a challenge.

    `marks` are the different things and steps done, with how many activities stand behind each
    (0 when all came back but what it gave is kept). `peak` is the furthest `current` that still
    counts for rewards, `turn` how often returns took rewards back, `done_before` how many rounds
    were completed before. `starts_at` and `ends_at` narrow the challenge's own window.
    """

    member_id: str
    challenge_id: str
    round: int = 1
    current: int = 0
    peak: int = 0
    turn: int = 0
    done_before: int = 0
    marks: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    completed_at: datetime | None = None
    is_live: bool = True

    @property
    def key(self) -> tuple[str, str, int]:
        """What makes it this round of this member."""
        return self.member_id, self.challenge_id, self.round


@dataclass(frozen=True, slots=True)
class Taker:
    """What is known of the member who takes part, and the programme's zone."""

    zone: ZoneInfo
    tier_key: str = ""
    badges: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one activity contributed: an `amount`, or the support of a `mark` (amount 1)."""

    activity_id: str
    mark: str
    amount: int


@dataclass(frozen=True, slots=True)
class Reached:
    """A stage that was reached, and what it gives."""

    stage: str
    benefits: tuple[Benefit, ...]


@dataclass(frozen=True, slots=True)
class Advance:
    """One step forward: the round as it is now, why, and the stages it reached.

    `closed` is the round before, when a new one was opened. `before` is how far it was.
    """

    progress: Progress
    contributions: tuple[Contribution, ...]
    reached: tuple[Reached, ...] = ()
    closed: Progress | None = None
    before: int = 0


@dataclass(frozen=True, slots=True)
class Retreat:
    """One step back: the round as it is now, what is left of contributions, and lost stages."""

    progress: Progress
    contributions: tuple[Contribution, ...]
    lost: tuple[str, ...] = ()
