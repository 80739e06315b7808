"""What conditions say of members and of activities."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from server.gamification.conditions.catalogue import FACTS
from server.gamification.conditions.parsing import parse
from server.gamification.conditions.rules import compiled, needs_activity, progress_of, unit_of
from server.gamification.conditions.types import Subject
from server.gamification.facts.types import ActivityFact, Facts, Item

AT = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
ANA = Subject(
    Facts(
        "mem_ana",
        purchases=12,
        visits=10,
        items=30,
        spend_minor=250_00,
        qualifying_points=25,
        first_purchase_at=datetime(2026, 1, 31, 23, tzinfo=UTC),
        last_visit_on=date(2026, 11, 20),
        counts={
            "categories": {"coffee": [20, 60_00], "cake": [0, 0], "tea": [1, 3_00], "*": [4, 9]},
            "hours": {"7": 3, "8": 2, "23": 1, "0": 1},
            "weekdays": {"5": 4},
            "places": {"loc_1": 7, "loc_2": 0},
            "kinds": {"review": 2},
        },
    ),
    TODAY,
    ZoneInfo("Europe/Tallinn"),
    joined_on=date(2026, 1, 1),
    birthday=date(1990, 11, 3),
    tier_key="silver",
    locale="et",
)
BASKET = (Item(6_00, 2, None, "coffee"), Item(4_00, 1, None, "cake"), Item(1_00))
BOUGHT = ActivityFact("act_1", "mem_ana", "purchase", AT, TODAY, TODAY, 11_00, BASKET, "loc_1")
BUYING = replace(ANA, activity=BOUGHT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("visits >= 10", True),
        ("visits > 10", False),
        ("visits <= 9 or purchases = 12", True),
        ("visits in (9, 10)", True),
        ("not visits >= 10", False),
        ("spend_minor >= 20000 and tier in (silver, gold)", True),
        ("tier = gold", False),
        ("tier != gold", True),
        ("language not in (en, ru)", True),
        ("category_items[coffee] >= 20", True),
        ("category_items[rum] >= 1", False),
        ("category_spend_minor[coffee] >= 6001", False),
        ("categories_tried = 2", True),
        ("places_visited = 1", True),
        ("visits_at[loc_1] >= 7", True),
        ('visits_between["7-9"] = 5', True),
        ('visits_between["22-4"] = 2', True),
        ("visits_on[saturday] >= 4", True),
        ("activities[review] >= 2", True),
        ("member_days = 325", True),
        ("days_since_visit = 2", True),
        ("first_purchase_on = 2026-02-01", True),
        ("joined_on < 2026-01-02", True),
        ("joined_on > 2026-01-01", False),
        ("joined_on >= 2026-01-01", True),
        ("joined_on <= 2026-01-01", True),
        ("has_birthday", True),
        ("has_birthday = false", False),
        ("activity_hour < 9", False),
        ("not activity_hour < 9", True),
    ],
)
def test_of_a_member(text, expected):
    assert compiled(parse(text))(ANA) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("activity_kind = purchase", True),
        ("activity_amount_minor >= 1100", True),
        ("activity_items = 4", True),
        ("activity_categories = cake", True),
        ("activity_categories in (rum, cake)", True),
        ("activity_categories = rum", False),
        ("activity_hour = 7", True),
        ("activity_weekday = sunday", True),
        ("activity_place = loc_1", True),
        ("activity_in_birthday_month", True),
        ("activity_on_birthday", False),
    ],
)
def test_of_an_activity(text, expected):
    assert compiled(parse(text))(BUYING) is expected


@pytest.mark.parametrize(
    ("born", "day", "expected"),
    [
        (date(1990, 11, 22), date(2026, 11, 22), True),
        (date(1992, 2, 29), date(2026, 2, 28), True),
        (date(1992, 2, 29), date(2028, 2, 28), False),
        (date(1992, 2, 29), date(2028, 2, 29), True),
        (None, date(2026, 11, 22), False),
    ],
)
def test_birthdays_by_the_members_own_calendar(born, day, expected):
    fact = replace(BOUGHT, member_day=day)
    who = replace(BUYING, birthday=born, activity=fact)
    assert compiled(parse("activity_on_birthday"))(who) is expected


def test_nothing_holds_of_what_is_not_known():
    nobody = Subject(Facts("mem_new"), TODAY, ZoneInfo("UTC"), joined_on=TODAY)
    for text in ("tier = silver", "last_visit_on < 2030-01-01", "days_since_visit >= 0"):
        assert compiled(parse(text))(nobody) is False
        assert compiled(parse(f"not {text}"))(nobody) is True


@pytest.mark.parametrize(
    ("text", "bar", "unit"),
    [
        ("visits >= 20", (10, 20), "visits"),
        ("visits >= 5", (5, 5), "visits"),
        ("visits >= 20 and items >= 120", (30, 120), "items"),
        ("visits >= 20 or items >= 120", (10, 20), "visits"),
        ("visits >= 20 and tier = gold", (10, 20), "visits"),
        ("visits >= 10 and tier = gold", None, None),
        ("visits >= 10 and tier = silver", (10, 10), "visits"),
        ("tier = gold", None, None),
        ("visits <= 5", None, None),
        ("not visits >= 20", None, None),
        ("visits >= 0", None, None),
        ("activity_hour >= 22", (0, 22), "activity_hour"),
    ],
)
def test_bars_are_full_only_when_the_condition_holds(text, bar, unit):
    assert progress_of(parse(text), ANA) == bar
    assert unit_of(parse(text), ANA) == unit


def test_conditions_that_speak_of_an_activity_are_told_apart():
    assert needs_activity(parse("visits >= 1 and not activity_hour < 9"))
    assert not needs_activity(parse("visits >= 1"))


def test_every_declared_fact_can_be_read_of_anybody():
    samples = {"visits_between": "6-9", "visits_on": "monday"}
    for fact in FACTS.values():
        of = samples.get(fact.name, "x") if fact.of else ""
        for who in (ANA, BUYING, Subject(Facts("m"), TODAY, ZoneInfo("UTC"), TODAY)):
            known = fact.read(who, of)
            assert known is None or isinstance(known, (int, str, date, frozenset))
