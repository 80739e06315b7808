"""The trace of a purchase: what was given and why, stored with it as JSON.

Returns are worked out from the trace and never from today's rules. Keys: `lines` (paid, basis,
quantity, sku, category), `accruals`, `not_applied` (see `earning.refusals`), `points`,
`transfer_id` (the accrual, or null), `rounding`, `tier_id`, `multiplier_bp`, `revision`,
`is_visit`, `zone`, `spent` (points paid with), `tier_change`, `available_at`, `expires_at`,
`day_on` where it counts on a day of a tier's period, `tier_renewed` where it earned a tier anew;
`next` is the next tier's id and what was then missing for it, absent at the top. `units` holds
for each other unit that rules gave the same keys `accruals` to `expires_at`; `data` is what the
report of an activity that is no purchase held, `qualifying` what of it counts towards tiers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from server.gamification.activities.types import BasketLine
from server.gamification.earning.types import Accrual, Earnings, NotApplied, Qualifies, RuleKind
from server.gamification.programme.types import POINTS
from server.gamification.tiers.types import Kind, Review

_TOWARDS_TIERS = ("qualifies", "qualifying")
_ACCRUAL_KEYS = tuple(n for n in Accrual.__dataclass_fields__ if n not in _TOWARDS_TIERS)


def dump_lines(lines: Sequence[BasketLine]) -> list[list[Any]]:
    """Return basket lines as compact JSON."""
    return [[ln.paid_minor, ln.basis_minor, ln.quantity, ln.sku, ln.category] for ln in lines]


def load_lines(trace: dict[str, Any]) -> tuple[BasketLine, ...]:
    """Return the basket lines of a stored trace."""
    return tuple(BasketLine(*line) for line in trace["lines"])


def dump_earnings(earnings: Earnings) -> dict[str, Any]:
    """Return what the rules gave and did not give as JSON."""
    return {
        "accruals": [_dump_accrual(accrual) for accrual in earnings.accruals],
        "not_applied": [_dump_refusal(refusal) for refusal in earnings.not_applied],
    }


def dump_move(review: Review) -> dict[str, Any]:
    """Return a move on the ladder as JSON: to another tier, or the same one earned anew."""
    standing, change = review.standing, None
    if review.kind in (Kind.UPGRADED, Kind.DOWNGRADED):
        is_upgrade = review.kind is Kind.UPGRADED
        ids = {"from_id": review.from_id, "to_id": standing.tier_id}
        change = ids | {"is_upgrade": is_upgrade}
    stored: dict[str, Any] = {"tier_change": change}
    if review.kind is Kind.RENEWED and standing.keep_until_on:
        keep_on = standing.keep_until_on.isoformat()
        stored["tier_renewed"] = {"tier_id": standing.tier_id, "keep_until_on": keep_on}
    return stored


def load_accruals(trace: Mapping[str, Any]) -> tuple[Accrual, ...]:
    """Return the accruals of a stored trace."""
    return tuple(_load_accrual(stored) for stored in trace["accruals"])


def parts_of(trace: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the parts of a stored trace by unit; the whole trace is the part of the points."""
    return {POINTS: trace, **trace.get("units", {})}


def load_all_accruals(trace: Mapping[str, Any]) -> tuple[Accrual, ...]:
    """Return the accruals of a stored trace in every unit."""
    return tuple(one for part in parts_of(trace).values() for one in load_accruals(part))


def _dump_accrual(accrual: Accrual) -> dict[str, Any]:
    """Write what counts towards tiers only where it is not simply all the points."""
    stored = {name: getattr(accrual, name) for name in _ACCRUAL_KEYS}
    if accrual.qualifies is not Qualifies.FULL:
        stored |= {name: getattr(accrual, name) for name in _TOWARDS_TIERS}
    return stored


def _load_accrual(stored: dict[str, Any]) -> Accrual:
    values = {name: stored[name] for name in _ACCRUAL_KEYS}
    values["kind"] = RuleKind(values["kind"])
    values["line_indexes"] = tuple(values["line_indexes"])
    values["qualifies"] = Qualifies(stored.get("qualifies", Qualifies.FULL))
    values["qualifying"] = stored.get("qualifying", stored["points"])
    return Accrual(**values)


def _dump_refusal(refusal: NotApplied) -> dict[str, Any]:
    return {
        "rule_id": refusal.rule_id,
        "version": refusal.version,
        "names": refusal.names,
        "reason": refusal.reason,
        "params": refusal.params,
    }
