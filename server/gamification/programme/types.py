"""What the rules know about the programme."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

POINTS = "points"
STARS = "stars"

PluralForms = Mapping[str, Mapping[str, str]]
"""Names of a unit: locale, then CLDR plural category (`one`, `few`, `many`, `other`)."""


class Rounding(StrEnum):
    """How a fraction of a point becomes whole points; one policy for the whole programme."""

    FLOOR = "floor"
    HALF_UP = "half_up"
    CEIL = "ceil"


class TaxBasis(StrEnum):
    """Whether points are earned on what the customer pays (gross) or on it without tax (net)."""

    GROSS = "gross"
    NET = "net"


class ClawbackPolicy(StrEnum):
    """What happens to earned points that were spent before their purchase was returned."""

    DEBT = "debt"
    CLAMP = "clamp"
    CASH_VALUE = "cash_value"


class ExpiryKind(StrEnum):
    """How an expiry date is found; several policies may apply and the earliest date wins."""

    MONTHS = "months"
    FIXED_DATE = "fixed_date"
    INACTIVITY = "inactivity"


class ExpiryRounding(StrEnum):
    """To the end of which period an expiry date is moved, in the member's favour."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class ExpiryPolicy:
    """One way for points to expire: `months` after earning (rounded), or on the date `on`.

    For inactivity all points of a wallet expire `months` after the last purchase (rounded).
    """

    kind: ExpiryKind
    months: int = 0
    round_to: ExpiryRounding = ExpiryRounding.DAY
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of account: its names and what one of it is worth as money (minor units, or 0)."""

    code: str
    names: PluralForms
    worth_minor: int = 0


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """When the shop is closed: weekdays (1 is Monday), and dates such as `2026-06-24` or, in every
    year, `06-24`.
    """

    weekdays: frozenset[int] = frozenset()
    dates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TransferPolicy:
    """What members may give each other: which units, how much at once and on a day, and how many
    days after joining.
    """

    units: tuple[str, ...] = (POINTS,)
    least: int = 1
    most: int = 1000
    most_per_day: int = 1000
    account_days_min: int = 30


@dataclass(frozen=True, slots=True)
class MessagePolicy:
    """When and how often members are told things: quiet hours in minutes after midnight where the
    member lives (from and to alike: none), and by category how many at most in 24 hours and in
    seven days.
    """

    quiet_from_minute: int = 21 * 60
    quiet_to_minute: int = 9 * 60
    caps: Mapping[str, tuple[int, int]] = field(
        default_factory=lambda: MappingProxyType(
            {"progress": (4, 14), "reminders": (2, 7), "offers": (1, 3), "news": (1, 2)}
        )
    )


@dataclass(frozen=True, slots=True)
class Policies:
    """Everything about the programme that a shop may choose; lengths carry their unit.

    `expiry` is that of the points and of every unit that has none of its own in `unit_expiry`.
    """

    rounding: Rounding = Rounding.FLOOR
    tax_basis: TaxBasis = TaxBasis.GROSS
    clawback: ClawbackPolicy = ClawbackPolicy.DEBT
    expiry: tuple[ExpiryPolicy, ...] = ()
    unit_expiry: Mapping[str, tuple[ExpiryPolicy, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    pending_days: int = 0
    awaits_confirmation: bool = False
    confirmation_days: int = 30
    birthday_points: int = 0
    anniversary_points: int = 0
    grace_lot_days: int = 14
    till_hold_seconds: int = 900
    spend_points_min: int = 0
    spend_share_bp_max: int = 10_000
    purchase_age_days_max: int = 1100
    purchase_ahead_seconds_max: int = 600
    phone_region: str = "EE"
    self_enrolment: bool = True
    closed_days: ClosedDays = ClosedDays()
    welcome: tuple[Mapping[str, Any], ...] = ()
    transfers: TransferPolicy | None = None
    stamps_per_day_max: int = 10
    messages: MessagePolicy = MessagePolicy()

    def expiry_of(self, unit: str) -> tuple[ExpiryPolicy, ...]:
        """Return when a unit expires."""
        return self.unit_expiry.get(unit, self.expiry)


@dataclass(frozen=True, slots=True)
class Programme:
    """A snapshot of the programme at one `revision`; safe to keep and to share."""

    revision: str
    name: str
    currency_code: str
    zone: ZoneInfo
    default_locale: str
    locales: tuple[str, ...]
    policies: Policies = field(default_factory=Policies)
    units: Mapping[str, Unit] = field(default_factory=lambda: MappingProxyType({}))
