"""What a basket earns: every kind of rule, every condition, caps, rounding and multipliers."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server.gamification.earning.rules import (
    Shopper,
    cap_key_of,
    earnings_of,
    points_for,
    points_left,
)
from server.gamification.earning.types import (
    Basket,
    CapPeriod,
    EarnRule,
    Line,
    Reason,
    RuleKind,
    Scope,
)
from server.gamification.programme.types import Rounding

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
NAMES = {"en": "a rule"}
COFFEE = Line(30_00, 3, "espresso", "coffee")
CAKE = Line(50_00, 2, "tart", "cakes")
TOBACCO = Line(20_00, 1, "cigars", "tobacco")


def rule(kind=RuleKind.AMOUNT, points=1, per_minor=10_00, **conditions):
    per_minor = per_minor if kind is RuleKind.AMOUNT else 0
    return EarnRule("rul_1", 1, kind, NAMES, points, per_minor, **conditions)


def shopper(multiplier_bp=10_000, used=None, is_first_visit=True):
    return Shopper(multiplier_bp, TODAY, used or {}, is_first_visit=is_first_visit)


def basket(*lines, at=NOW, location_id=None):
    return Basket(lines or (COFFEE, CAKE, TOBACCO), at, location_id)


def earned(one, bought=None, who=None, rounding=Rounding.FLOOR):
    found = earnings_of([one], bought or basket(), who or shopper(), rounding)
    return found.points


def reason(one, bought=None, who=None):
    found = earnings_of([one], bought or basket(), who or shopper(), Rounding.FLOOR)
    assert found.accruals == ()
    (refused,) = found.not_applied
    return refused.reason


@pytest.mark.parametrize(
    ("minor", "rounding", "points"),
    [
        (9_99, Rounding.FLOOR, 0),
        (10_00, Rounding.FLOOR, 1),
        (19_99, Rounding.FLOOR, 1),
        (4_99, Rounding.HALF_UP, 0),
        (5_00, Rounding.HALF_UP, 1),
        (14_99, Rounding.HALF_UP, 1),
        (1, Rounding.CEIL, 1),
        (10_00, Rounding.CEIL, 1),
        (10_01, Rounding.CEIL, 2),
    ],
)
def test_points_for_money_are_rounded_once(minor, rounding, points):
    assert earned(rule(), basket(Line(minor)), rounding=rounding) == points


def test_lines_are_added_up_before_rounding():
    assert earned(rule(), basket(Line(5_00), Line(5_00))) == 1


@pytest.mark.parametrize(
    ("multiplier_bp", "points"), [(10_000, 7), (15_000, 11), (20_000, 15), (30_000, 22), (0, 0)]
)
def test_the_tier_multiplies_before_rounding(multiplier_bp, points):
    assert earned(rule(), basket(Line(75_00)), shopper(multiplier_bp)) == points


def test_a_rule_may_leave_the_tier_aside():
    assert earned(rule(uses_tier_multiplier=False), basket(Line(75_00)), shopper(30_000)) == 7


def test_points_for_pieces():
    assert earned(rule(RuleKind.ITEM, points=4)) == 24
    assert earned(rule(RuleKind.ITEM, points=4, scope=Scope(categories=("coffee",)))) == 12


def test_points_for_the_first_visit_of_a_day():
    visit = rule(RuleKind.VISIT, points=15)
    assert earned(visit) == 15
    assert earned(visit, who=shopper(20_000)) == 30
    assert reason(visit, who=shopper(is_first_visit=False)) is Reason.ALREADY_VISITED


@pytest.mark.parametrize(
    ("scope", "points"),
    [
        (Scope(), 10),
        (Scope(categories=("coffee",)), 3),
        (Scope(skus=("tart",)), 5),
        (Scope(categories=("coffee",), skus=("tart",)), 8),
        (Scope(excluded_categories=("tobacco",)), 8),
        (Scope(excluded_skus=("espresso", "cigars")), 5),
        (Scope(categories=("coffee",), excluded_skus=("tart",)), 3),
    ],
)
def test_only_matching_lines_count(scope, points):
    assert earned(rule(scope=scope)) == points


@pytest.mark.parametrize(
    ("one", "bought", "why"),
    [
        (rule(scope=Scope(categories=("tea",))), basket(), Reason.NO_MATCHING_ITEMS),
        (rule(scope=Scope(excluded_skus=("tart",))), basket(CAKE), Reason.NO_MATCHING_ITEMS),
        (rule(minimum_minor=100_01), basket(), Reason.BELOW_MINIMUM),
        (rule(location_ids=("loc_1",)), basket(location_id="loc_2"), Reason.OTHER_LOCATION),
        (rule(location_ids=("loc_1",)), basket(), Reason.OTHER_LOCATION),
        (rule(starts_at=NOW + timedelta(seconds=1)), basket(), Reason.OUTSIDE_SCHEDULE),
        (rule(ends_at=NOW), basket(), Reason.OUTSIDE_SCHEDULE),
        (rule(), basket(Line(9_99)), Reason.TOO_LITTLE),
        (rule(points_per_purchase_max=0), basket(), Reason.CAP_REACHED),
    ],
)
def test_a_rule_that_gives_nothing_says_why(one, bought, why):
    assert reason(one, bought) is why


@pytest.mark.parametrize(
    "one",
    [
        rule(minimum_minor=100_00),
        rule(location_ids=("loc_1",)),
        rule(starts_at=NOW),
        rule(ends_at=NOW + timedelta(seconds=1)),
    ],
)
def test_conditions_hold_at_their_edges(one):
    assert earned(one, basket(location_id="loc_1")) == 10


@pytest.mark.parametrize(
    ("purchase_max", "period_max", "used", "points"),
    [
        (6, None, 0, 6),
        (60, None, 0, 10),
        (None, 8, 0, 8),
        (None, 8, 5, 3),
        (None, 8, 8, 0),
        (None, 8, 99, 0),
        (2, 8, 5, 2),
        (5, 8, 5, 3),
    ],
)
def test_caps_of_a_purchase_and_of_a_period(purchase_max, period_max, used, points):
    one = rule(points_per_purchase_max=purchase_max, points_per_period_max=period_max)
    who = shopper(used={"rul_1:2026-11-22": used})
    assert earned(one, who=who) == points


def test_a_cap_is_used_up_by_each_purchase():
    who, one = shopper(), rule(points_per_period_max=15)
    assert [earned(one, who=who) for _ in range(3)] == [10, 5, 0]


@pytest.mark.parametrize(
    ("period", "key"), [(CapPeriod.DAY, "rul_1:2026-11-22"), (CapPeriod.MONTH, "rul_1:2026-11")]
)
def test_a_cap_is_counted_by_day_or_month(period, key):
    assert cap_key_of(rule(points_per_period_max=5, cap_period=period), TODAY) == key
    assert cap_key_of(rule(), TODAY) is None


def test_rules_add_up_and_each_is_accounted_for():
    rules = [rule(), rule(RuleKind.VISIT, points=5), rule(scope=Scope(skus=("tea",)))]
    found = earnings_of(rules, basket(), shopper(), Rounding.FLOOR)
    assert [accrual.points for accrual in found.accruals] == [10, 5]
    assert found.points == 15
    assert [refused.reason for refused in found.not_applied] == [Reason.NO_MATCHING_ITEMS]


def test_an_accrual_gives_its_points_again():
    one = rule(scope=Scope(categories=("coffee", "cakes")), points_per_purchase_max=7)
    (accrual,) = earnings_of([one], basket(), shopper(15_000), Rounding.CEIL).accruals
    assert accrual.points == points_for(accrual, basket().lines, Rounding.CEIL) == 7


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ((COFFEE, CAKE, TOBACCO), 10),
        ((COFFEE, Line(0, 0, "tart", "cakes"), TOBACCO), 5),
        ((Line(0, 0), Line(0, 0), Line(9_99)), 0),
        ((), 0),
    ],
)
def test_what_is_left_of_an_accrual_after_returns(lines, left):
    (accrual,) = earnings_of([rule()], basket(), shopper(), Rounding.FLOOR).accruals
    assert points_left(accrual, lines, Rounding.FLOOR) == left


def test_below_the_minimum_nothing_is_left_of_an_accrual():
    one = rule(minimum_minor=60_00)
    (accrual,) = earnings_of([one], basket(), shopper(), Rounding.FLOOR).accruals
    assert points_left(accrual, (COFFEE, Line(29_99), Line(0)), Rounding.FLOOR) == 0
    assert points_left(accrual, (COFFEE, Line(30_00), Line(0)), Rounding.FLOOR) == 6


def test_a_rule_for_an_activity_says_nothing_of_purchases():
    review = rule(RuleKind.ACTION, points=5, activity="review", uses_tier_multiplier=False)
    report = Basket((), NOW, activity="review")
    assert earned(review, report, shopper(20_000)) == 5
    found = earnings_of([review, rule()], basket(), shopper(), Rounding.FLOOR)
    assert [accrual.kind for accrual in found.accruals] == [RuleKind.AMOUNT]
    assert found.not_applied == ()
    told = earnings_of([review, rule()], report, shopper(), Rounding.FLOOR)
    assert ([one.points for one in told.accruals], told.not_applied) == ([5], ())


def test_a_rule_may_hold_on_some_days_of_the_week():
    sunday, monday = rule(weekdays=(6,)), rule(weekdays=(0, 1))
    assert (earned(sunday), reason(monday)) == (10, Reason.OTHER_WEEKDAY)
