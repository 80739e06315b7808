"""The words of earning."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from server.gamification.facts.types import PURCHASE
from server.gamification.programme.types import POINTS


class RuleKind(StrEnum):
    """What an earn rule counts."""

    AMOUNT = "amount"
    ITEM = "item"
    VISIT = "visit"
    ACTION = "action"


class Reason(StrEnum):
    """Why an earn rule gave nothing."""

    OUTSIDE_SCHEDULE = "outside_schedule"
    OTHER_WEEKDAY = "other_weekday"
    OTHER_LOCATION = "other_location"
    BELOW_MINIMUM = "below_minimum"
    NO_MATCHING_ITEMS = "no_matching_items"
    ALREADY_VISITED = "already_visited"
    CAP_REACHED = "cap_reached"
    TOO_LITTLE = "too_little"


class CapPeriod(StrEnum):
    """Over which calendar period, in the programme's zone, a cap counts."""

    DAY = "day"
    MONTH = "month"


class Qualifies(StrEnum):
    """What of a rule's points counts towards tiers: all, those before the multiplier, none."""

    FULL = "full"
    BASE = "base"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a basket; `amount_minor` is what earns (after discounts, by the tax basis).

    `earning_pieces` is what earns by the piece where that is less than all pieces: a part of
    their money came back.
    """

    amount_minor: int
    quantity: int = 1
    sku: str | None = None
    category: str | None = None
    earning_pieces: Fraction | None = None

    @property
    def pieces(self) -> Fraction | int:
        """How many pieces earn."""
        return self.quantity if self.earning_pieces is None else self.earning_pieces


@dataclass(frozen=True, slots=True)
class Basket:
    """What was bought, where and when; the lines add up to the basis of the purchase.

    `activity` is the kind of the reported fact: a purchase, or a declared type, without lines.
    """

    lines: tuple[Line, ...]
    occurred_at: datetime
    location_id: str | None = None
    activity: str = PURCHASE

    @property
    def amount_minor(self) -> int:
        """The basis of the whole basket in minor units."""
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lines count: those of `categories` or `skus` (all when both are empty), less those
    of the excluded ones.
    """

    categories: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    excluded_categories: tuple[str, ...] = ()
    excluded_skus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EarnRule:
    """A published earn rule at one version.

    `amount`: `points` for each `per_minor` of matching lines. `item`: `points` for each piece.
    `visit`: `points` for the first purchase of a calendar day. `action`: `points` for each
    reported activity of the type `activity`. `tier_multipliers_bp` (by the key of the tier) stand
    in for the tier's own multiplier. `unit` is what is given: points, or stars of some unit.
    `weekdays` (0 is Monday; none: all) are days in the programme's zone.
    """

    id: str
    version: int
    kind: RuleKind
    names: Mapping[str, str]
    points: int
    per_minor: int = 0
    scope: Scope = field(default_factory=Scope)
    location_ids: tuple[str, ...] = ()
    minimum_minor: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    uses_tier_multiplier: bool = True
    points_per_purchase_max: int | None = None
    points_per_period_max: int | None = None
    cap_period: CapPeriod = CapPeriod.DAY
    qualifies: Qualifies = Qualifies.FULL
    tier_multipliers_bp: Mapping[str, int] = field(default_factory=dict)
    unit: str = POINTS
    activity: str = ""
    weekdays: tuple[int, ...] = ()
    refusals: dict[Reason, "NotApplied"] = field(default_factory=dict, compare=False, repr=False)

    def refusal(self, reason: Reason) -> "NotApplied":
        """Return what is told when the rule gives nothing; it is made once for each reason."""
        found = self.refusals.get(reason)
        if found is None:
            has_minimum = reason is Reason.BELOW_MINIMUM
            params = {"minimum_minor": self.minimum_minor} if has_minimum else {}
            found = NotApplied(self.id, self.version, self.names, reason, params)
            self.refusals[reason] = found
        return found


@dataclass(slots=True)
class Accrual:
    """What one rule gave, with all that is needed to work it out again for a smaller basket.

    `cap` is the most this rule could still give at that moment, None without any cap;
    `qualifying` is what of `points` (or besides them, before the multiplier) counts for tiers.
    """

    rule_id: str
    version: int
    kind: RuleKind
    names: Mapping[str, str]
    points: int
    per_minor: int
    rule_points: int
    multiplier_bp: int
    line_indexes: tuple[int, ...]
    minimum_minor: int
    cap: int | None
    cap_key: str | None
    qualifies: Qualifies = Qualifies.FULL
    qualifying: int = 0


@dataclass(frozen=True, slots=True)
class NotApplied:
    """A rule that gave nothing and the first reason why."""

    rule_id: str
    version: int
    names: Mapping[str, str]
    reason: Reason
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Earnings:
    """The outcome of all rules on one basket."""

    accruals: tuple[Accrual, ...]
    not_applied: tuple[NotApplied, ...]

    @property
    def points(self) -> int:
        """All points together."""
        return sum(accrual.points for accrual in self.accruals)

    @property
    def qualifying(self) -> int:
        """All points that count towards tiers."""
        return sum(accrual.qualifying for accrual in self.accruals)
