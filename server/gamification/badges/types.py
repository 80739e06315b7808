"""The words of badges."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from server.gamification.conditions.types import Condition, Subject
from server.gamification.definitions.benefits import Benefit
from server.gamification.definitions.images import Image


class Period(StrEnum):
    """How often a level can be earned: once, or anew in every calendar year or month."""

    ONCE = "once"
    YEAR = "year"
    MONTH = "month"


class QuotaPeriod(StrEnum):
    """Over which time staff have a quota; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Source(StrEnum):
    """How a badge came to a member. A grant is what a challenge or another badge gives."""

    EARNED = "earned"
    BACKFILL = "backfill"
    STAFF = "staff"
    GRANT = "grant"


class Shape(StrEnum):
    """The outline of a drawn medal."""

    CIRCLE = "circle"
    SHIELD = "shield"
    STAR = "star"
    HEXAGON = "hexagon"


@dataclass(frozen=True, slots=True)
class Art:
    """How a badge without a picture is drawn: outline, colour `#rrggbb` and a sign of one or two
    letters or an emoji in the middle.
    """

    shape: Shape = Shape.CIRCLE
    color: str = "#b8860b"
    icon: str = "★"


@dataclass(frozen=True, slots=True)
class Level:
    """One level, counted from 1. Without a condition only people and grants give it.

    `holds` is the condition compiled; `of_activity` says that it speaks of an activity.
    """

    number: int
    names: Mapping[str, str]
    condition: Condition | None
    benefits: tuple[Benefit, ...]
    holds: Callable[[Subject], bool] = field(compare=False, repr=False)
    of_activity: bool = False


@dataclass(frozen=True, slots=True)
class StaffQuota:
    """How many of a badge the shop's people may give, all together, in each period."""

    quota: int
    per: QuotaPeriod


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge in force. `days` is how long it is held, 0 for good."""

    id: str
    key: str
    names: Mapping[str, str]
    texts: Mapping[str, str]
    category: str
    art: Art
    image: Image | None
    levels: tuple[Level, ...]
    is_secret: bool
    prerequisites: tuple[str, ...]
    is_revocable: bool
    days: int
    period: Period
    staff: StaffQuota | None


@dataclass(frozen=True, slots=True)
class Held:
    """An award that was not revoked. `period` is empty, a year `2026` or a month `2026-11`."""

    award_id: str
    badge_id: str
    level: int
    period: str
    source: Source
    activity_id: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A level that a member has earned and does not hold."""

    badge: Badge
    level: Level
    period: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an award comes from: how, by whom, and the activity or grant that brought it."""

    source: Source
    actor: str
    activity_id: str | None = None
    quota_on: date | None = None


@dataclass(frozen=True, slots=True)
class Award:
    """A badge given to a member; `level.benefits` are still to be given by grants."""

    id: str
    member_id: str
    badge: Badge
    level: Level
    period: str
    origin: Origin
    awarded_at: datetime
    expires_at: datetime | None
