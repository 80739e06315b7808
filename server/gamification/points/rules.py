"""From when and until when new points can be used: pure calendar arithmetic."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.core.clock import end_of_day, local_date, start_of_day
from server.gamification.ledger.rules import grace_end
from server.gamification.ledger.types import Term
from server.gamification.programme.types import (
    POINTS,
    ExpiryKind,
    ExpiryPolicy,
    ExpiryRounding,
    Programme,
    Rounding,
)

Expiry = Sequence[ExpiryPolicy]
"""When a unit expires: the earliest of all policies wins."""


@dataclass(frozen=True, slots=True)
class Terms:
    """When what one activity earns can be used: points, and units with an expiry of their own."""

    points: Term
    by_unit: Mapping[str, Term]

    def of(self, unit: str) -> Term:
        """Return when what is earned of a unit can be used."""
        return self.by_unit.get(unit, self.points)


def terms_of(
    programme: Programme, earned_at: datetime, now: datetime, *, awaits_confirmation: bool = False
) -> Terms:
    """Return when what is earned at `earned_at` can be used, of every unit (see `term_of`)."""

    def term(unit: str) -> Term:
        return term_of(programme, earned_at, now, unit, awaits_confirmation=awaits_confirmation)

    return Terms(term(POINTS), {unit: term(unit) for unit in programme.policies.unit_expiry})


def term_of(
    programme: Programme,
    earned_at: datetime,
    now: datetime,
    unit: str = POINTS,
    *,
    awaits_confirmation: bool = False,
) -> Term:
    """Return when points (or stars: `unit`) earned at `earned_at` and recorded at `now` can be
    used.

    Without a pending period they are available at once, else from the start of a calendar day.
    The earliest of all expiry policies wins; points that would never be usable (a late upload,
    a pending period longer than the expiry) get the grace period. `idle_at` is when the wallet's
    points expire if no purchase is made after `earned_at`. Points that await confirmation have no
    date from which they can be used, and are still good when it comes at the last moment.
    """
    policies, zone = programme.policies, programme.zone
    available_at = now
    if policies.pending_days:
        day = local_date(earned_at, zone) + timedelta(days=policies.pending_days)
        available_at = max(now, start_of_day(day, zone))
    if awaits_confirmation:
        available_at = confirm_by(programme, now)
    expiry = policies.expiry_of(unit)
    ends = [expiry_of(expiry, earned_at, zone), idle_end(expiry, earned_at, zone)]
    if any(end is not None and end <= available_at for end in ends):
        grace = grace_end(available_at, policies.grace_lot_days, zone)
        ends = [grace if end is not None and end <= available_at else end for end in ends]
    return Term(None if awaits_confirmation else available_at, ends[0], ends[1])


def confirm_by(programme: Programme, now: datetime) -> datetime:
    """Return until when a purchase recorded at `now` must be confirmed: the end of a day."""
    return grace_end(now, programme.policies.confirmation_days, programme.zone)


def expiry_of(expiry: Expiry, earned_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant at which points earned at `earned_at` expire, or None for never.

    The last valid day D is a calendar date in `zone`; the points expire when D is over.
    """
    earned_on = local_date(earned_at, zone)
    days = [last_day(policy, earned_on) for policy in expiry]
    valid = [day for day in days if day is not None]
    return end_of_day(min(valid), zone) if valid else None


def idle_end(expiry: Expiry, bought_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when points expire if no purchase follows the one at `bought_at`, None for never."""
    bought_on = local_date(bought_at, zone)
    days = [
        round_up(add_months(bought_on, policy.months), policy.round_to)
        for policy in expiry
        if policy.kind is ExpiryKind.INACTIVITY
    ]
    return end_of_day(min(days), zone) if days else None


def last_day(policy: ExpiryPolicy, earned_on: date) -> date | None:
    """Return the last day on which points earned on `earned_on` are valid under one policy.

    None when the policy says nothing of them: a fixed date before, or inactivity, which is
    counted for the whole wallet (`idle_end`).
    """
    if policy.kind is ExpiryKind.FIXED_DATE:
        return policy.on if policy.on and policy.on >= earned_on else None
    if policy.kind is ExpiryKind.INACTIVITY:
        return None
    return round_up(add_months(earned_on, policy.months), policy.round_to)


def add_months(day: date, months: int) -> date:
    """Return the same day of the month `months` later, or that month's last day if shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def round_up(day: date, to: ExpiryRounding) -> date:
    """Return the last day of the period (`day`, month, quarter or year) that contains `day`."""
    if to is ExpiryRounding.DAY:
        return day
    months = {ExpiryRounding.MONTH: 1, ExpiryRounding.QUARTER: 3, ExpiryRounding.YEAR: 12}[to]
    last_month = (day.month - 1) // months * months + months
    return date(day.year, last_month, monthrange(day.year, last_month)[1])


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Return `numerator / denominator` (both non-negative) as whole points by the policy."""
    if rounding is Rounding.CEIL:
        return -(-numerator // denominator)
    if rounding is Rounding.HALF_UP:
        return (2 * numerator + denominator) // (2 * denominator)
    return numerator // denominator
