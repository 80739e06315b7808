"""What a basket earns: pure arithmetic in whole numbers.

For one rule: `points = round(basis x rule_points x multiplier / (per x 10 000))`, rounded once per
rule and purchase by the programme's policy, then limited by the rule's caps. The same function
works out what a purchase would have earned without its returned part, so that any split of a
return takes back exactly what was given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from server.gamification.earning.types import (
    Accrual,
    Basket,
    CapPeriod,
    Earnings,
    EarnRule,
    Line,
    NotApplied,
    Qualifies,
    Reason,
    RuleKind,
    Scope,
)
from server.gamification.facts.types import PURCHASE
from server.gamification.points.rules import rounded
from server.gamification.programme.types import Rounding

_BASIS_POINTS = 10_000


class Shopper:
    """What the rules know of the member: the tier's multiplier and key, first visit, caps used.

    `used` maps cap keys to points already given; it is counted on as rules fire.
    """

    __slots__ = ("is_first_visit", "multiplier_bp", "tier_key", "today", "used")

    def __init__(
        self,
        multiplier_bp: int,
        today: date,
        used: Mapping[str, int],
        *,
        is_first_visit: bool,
        tier_key: str = "",
    ) -> None:
        self.multiplier_bp, self.tier_key = multiplier_bp, tier_key
        self.today = today
        self.is_first_visit = is_first_visit
        self.used = dict(used)


def earnings_of(
    rules: Sequence[EarnRule], basket: Basket, shopper: Shopper, rounding: Rounding
) -> Earnings:
    """Apply every rule for this kind of activity; return what each gave, or why it gave nothing."""
    accruals: list[Accrual] = []
    refused: list[NotApplied] = []
    for rule in rules:
        if (rule.activity or PURCHASE) != basket.activity:
            continue
        outcome = _outcome_of(rule, basket, shopper, rounding)
        if isinstance(outcome, Accrual):
            accruals.append(outcome)
            if outcome.cap_key:
                shopper.used[outcome.cap_key] = (
                    shopper.used.get(outcome.cap_key, 0) + outcome.points
                )
        else:
            refused.append(outcome)
    return Earnings(tuple(accruals), tuple(refused))


def _outcome_of(
    rule: EarnRule, basket: Basket, shopper: Shopper, rounding: Rounding
) -> Accrual | NotApplied:
    indexes = _matching(rule.scope, basket.lines)
    reason = _why_not(rule, basket, shopper, indexes)
    if reason is not None:
        return rule.refusal(reason)
    cap_key = cap_key_of(rule, shopper.today)
    cap = _cap_left(rule, cap_key, shopper.used)
    multiplier = _multiplier_of(rule, shopper)
    accrual = Accrual(
        rule_id=rule.id,
        version=rule.version,
        kind=rule.kind,
        names=rule.names,
        points=0,
        per_minor=rule.per_minor,
        rule_points=rule.points,
        multiplier_bp=multiplier,
        line_indexes=indexes,
        minimum_minor=rule.minimum_minor,
        cap=cap,
        cap_key=cap_key,
        qualifies=rule.qualifies,
    )
    points = accrual.points = points_for(accrual, basket.lines, rounding)
    if points == 0:
        reason = Reason.CAP_REACHED if cap == 0 else Reason.TOO_LITTLE
        params = {"per_minor": rule.per_minor, "cap": cap}
        return NotApplied(rule.id, rule.version, rule.names, reason, params)
    accrual.qualifying = points if rule.qualifies is Qualifies.FULL else 0
    if rule.qualifies is Qualifies.BASE:
        accrual.qualifying = _base_points(accrual, basket.lines, rounding)
    return accrual


def _multiplier_of(rule: EarnRule, shopper: Shopper) -> int:
    """Return the rule's own multiplier for the member's tier, else the tier's, else times one."""
    if not rule.uses_tier_multiplier:
        return _BASIS_POINTS
    return rule.tier_multipliers_bp.get(shopper.tier_key, shopper.multiplier_bp)


def _base_points(accrual: Accrual, lines: Sequence[Line], rounding: Rounding) -> int:
    return points_for(replace(accrual, multiplier_bp=_BASIS_POINTS), lines, rounding)


def _why_not(
    rule: EarnRule, basket: Basket, shopper: Shopper, matching: Sequence[int]
) -> Reason | None:
    """Return the first condition of the rule that does not hold."""
    if not _is_scheduled(rule, basket.occurred_at):
        return Reason.OUTSIDE_SCHEDULE
    if rule.weekdays and shopper.today.weekday() not in rule.weekdays:
        return Reason.OTHER_WEEKDAY
    if rule.location_ids and basket.location_id not in rule.location_ids:
        return Reason.OTHER_LOCATION
    if rule.minimum_minor and basket.amount_minor < rule.minimum_minor:
        return Reason.BELOW_MINIMUM
    if rule.kind is RuleKind.ACTION:
        return None
    if rule.kind is RuleKind.VISIT:
        return None if shopper.is_first_visit else Reason.ALREADY_VISITED
    if not matching:
        return Reason.NO_MATCHING_ITEMS
    return None


def points_for(accrual: Accrual, lines: Sequence[Line], rounding: Rounding) -> int:
    """Return what this accrual is worth on `lines` (the original ones or what is left of them)."""
    minimum = accrual.minimum_minor
    if minimum and sum(line.amount_minor for line in lines) < minimum:
        return 0
    counted = [lines[index] for index in accrual.line_indexes]
    per, basis = _BASIS_POINTS, 1
    if accrual.kind is RuleKind.AMOUNT:
        basis = sum(line.amount_minor for line in counted)
        per *= accrual.per_minor
    elif accrual.kind is RuleKind.ITEM:
        pieces = sum(line.pieces for line in counted)
        basis, per = pieces.numerator, per * pieces.denominator
    points = rounded(basis * accrual.rule_points * accrual.multiplier_bp, per, rounding)
    return points if accrual.cap is None else min(points, accrual.cap)


def points_left(accrual: Accrual, lines: Sequence[Line], rounding: Rounding) -> int:
    """Return what an accrual is still worth after returns; `lines` empty means all came back."""
    return min(accrual.points, points_for(accrual, lines, rounding)) if lines else 0


def qualifying_left(accrual: Accrual, lines: Sequence[Line], rounding: Rounding) -> int:
    """Return what of an accrual still counts towards tiers after returns."""
    if accrual.qualifies is Qualifies.FULL:
        return points_left(accrual, lines, rounding)
    if accrual.qualifies is Qualifies.NONE or not lines:
        return 0
    return min(accrual.qualifying, _base_points(accrual, lines, rounding))


def cap_key_of(rule: EarnRule, today: date) -> str | None:
    """Return the key under which a rule's points of a period are counted, None without a cap."""
    if rule.points_per_period_max is None:
        return None
    period = today.isoformat() if rule.cap_period is CapPeriod.DAY else today.strftime("%Y-%m")
    return f"{rule.id}:{period}"


def _cap_left(rule: EarnRule, cap_key: str | None, used: Mapping[str, int]) -> int | None:
    limits = [] if rule.points_per_purchase_max is None else [rule.points_per_purchase_max]
    if cap_key is not None and rule.points_per_period_max is not None:
        limits.append(max(0, rule.points_per_period_max - used.get(cap_key, 0)))
    return min(limits) if limits else None


def _is_scheduled(rule: EarnRule, at: datetime) -> bool:
    if rule.starts_at is not None and at < rule.starts_at:
        return False
    return rule.ends_at is None or at < rule.ends_at


def _matching(scope: Scope, lines: Sequence[Line]) -> tuple[int, ...]:
    """Return which lines a scope lets count. Two hundred rules ask this of every purchase."""
    categories, skus = scope.categories, scope.skus
    not_categories, not_skus = scope.excluded_categories, scope.excluded_skus
    takes_all = not categories and not skus
    return tuple(
        [
            index
            for index, line in enumerate(lines)
            if (takes_all or line.category in categories or line.sku in skus)
            and line.category not in not_categories
            and line.sku not in not_skus
        ]
    )
