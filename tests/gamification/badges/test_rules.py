"""Which badges are due, and which a return takes away."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.gamification.badges.rules import (
    due_awards,
    expires_at,
    lost_awards,
    period_key,
    period_keys,
    quota_day,
)
from server.gamification.badges.settings import read_badge
from server.gamification.badges.staff import next_quota_day
from server.gamification.badges.types import Held, Period, QuotaPeriod, Source
from server.gamification.conditions.types import Subject
from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.facts.types import ActivityFact, Facts
from tests.builders.badges import settings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
ZONE = ZoneInfo("Europe/Tallinn")
BUYING = ActivityFact("act_1", "mem_ana", "purchase", NOW, TODAY, TODAY, 30_00)


def badge(key, *conditions, **changes):
    return read_badge(f"bdg_{key}", key, settings(*conditions, **changes))


def ana(visits=10, activity=None, **fields):
    facts = Facts("mem_ana", purchases=visits, visits=visits)
    who = Subject(facts, TODAY, ZONE, joined_on=date(2026, 1, 1), activity=activity)
    return replace(who, **fields)


def held(key, level=1, period="", source=Source.EARNED, activity_id="act_1", ends_at=None):
    return Held(f"bda_{key}{level}", f"bdg_{key}", level, period, source, activity_id, ends_at)


def due(badges, who, *has, now=NOW):
    return [
        (one.badge.key, one.level.number, one.period) for one in due_awards(badges, who, has, now)
    ]


REGULAR = badge("regular", "visits >= 5", "visits >= 10", "visits >= 50")
BIG = badge("big", "activity_amount_minor >= 2000")
YEARLY = badge("yearly", "activity_kind = purchase", period="year")
GUIDE = badge("guide", "visits >= 1", prerequisites=["regular"])
STAFF = badge("staff", None, staff={"quota": 3})


@pytest.mark.parametrize(
    ("badges", "who", "has", "expected"),
    [
        ([REGULAR], ana(4), (), []),
        ([REGULAR], ana(5), (), [("regular", 1, "")]),
        ([REGULAR], ana(10), (), [("regular", 1, ""), ("regular", 2, "")]),
        ([REGULAR], ana(10), (held("regular"),), [("regular", 2, "")]),
        ([REGULAR], ana(50), (held("regular", 2),), [("regular", 1, ""), ("regular", 3, "")]),
        ([BIG], ana(), (), []),
        ([BIG], ana(activity=BUYING), (), [("big", 1, "")]),
        ([YEARLY], ana(activity=BUYING), (), [("yearly", 1, "2026")]),
        ([YEARLY], ana(activity=BUYING), (held("yearly", 1, "2025"),), [("yearly", 1, "2026")]),
        ([YEARLY], ana(activity=BUYING), (held("yearly", 1, "2026"),), []),
        ([GUIDE], ana(10), (), []),
        ([GUIDE, REGULAR], ana(4), (), []),
        ([GUIDE, REGULAR], ana(5), (), [("guide", 1, ""), ("regular", 1, "")]),
        ([GUIDE, REGULAR], ana(1), (held("regular"),), [("guide", 1, "")]),
        ([GUIDE, REGULAR], ana(1), (held("regular", ends_at=NOW),), []),
        ([STAFF], ana(10), (), []),
    ],
)
def test_what_is_due(badges, who, has, expected):
    assert due(badges, who, *has) == expected


def test_what_ran_out_is_not_due_again_in_its_period():
    assert due([REGULAR], ana(5), held("regular", ends_at=NOW - timedelta(days=1))) == []


def test_a_circle_of_prerequisites_is_never_due():
    one = badge("one", "visits >= 1", prerequisites=["two"])
    two = badge("two", "visits >= 1", prerequisites=["one"])
    assert due([one, two], ana()) == []


@pytest.mark.parametrize(
    ("badges", "has", "visits", "left", "expected"),
    [
        ([REGULAR], (held("regular"), held("regular", 2)), 9, None, ["bda_regular2"]),
        (
            [REGULAR],
            (held("regular"), held("regular", 2)),
            4,
            None,
            ["bda_regular1", "bda_regular2"],
        ),
        ([REGULAR], (held("regular", source=Source.BACKFILL),), 4, None, ["bda_regular1"]),
        ([REGULAR], (held("regular", source=Source.STAFF),), 4, None, []),
        ([REGULAR], (held("regular", source=Source.GRANT),), 4, None, []),
        ([REGULAR], (held("regular", 3),), 9, None, []),
        ([badge("regular", "visits >= 5", revocable=False)], (held("regular"),), 4, None, []),
        ([BIG], (held("big"),), 9, None, ["bda_big1"]),
        ([BIG], (held("big"),), 10, replace(BUYING, amount_minor=19_99), ["bda_big1"]),
        ([BIG], (held("big"),), 10, replace(BUYING, amount_minor=20_00), []),
        ([BIG], (held("big", activity_id="act_0"),), 9, None, []),
        ([], (held("gone"),), 0, None, []),
    ],
)
def test_what_a_return_takes_away(badges, has, visits, left, expected):
    lost = lost_awards(badges, has, ana(10), ana(visits, activity=left), "act_1")
    assert [one.award_id for one in lost] == expected


@pytest.mark.parametrize(
    ("period", "expected"), [("once", ""), ("year", "2026"), ("month", "2026-11")]
)
def test_the_key_of_a_period(period, expected):
    assert period_key(Period(period), TODAY) == expected
    assert expected in period_keys([TODAY])


@pytest.mark.parametrize(
    ("per", "day", "first_on", "next_on"),
    [
        ("day", date(2026, 11, 22), date(2026, 11, 22), date(2026, 11, 23)),
        ("week", date(2026, 11, 22), date(2026, 11, 16), date(2026, 11, 23)),
        ("month", date(2026, 1, 31), date(2026, 1, 1), date(2026, 2, 1)),
        ("month", date(2026, 2, 1), date(2026, 2, 1), date(2026, 3, 1)),
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_the_periods_of_a_quota(per, day, first_on, next_on):
    assert quota_day(QuotaPeriod(per), day) == first_on
    assert next_quota_day(QuotaPeriod(per), day) == next_on


def test_a_badge_for_some_days_is_held_to_the_end_of_the_last():
    ends_at = expires_at(badge("short", None, days=1), NOW, ZONE)
    assert ends_at == datetime(2026, 11, 23, 22, tzinfo=UTC)
    assert expires_at(REGULAR, NOW, ZONE) is None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"levels": []}, "/levels"),
        ({"names": {}}, "/names"),
        ({"levels": [{"condition": "visit >= 1"}]}, "/levels/0/condition"),
        ({"levels": [{"condition": {"fact": "x"}}]}, "/levels/0/condition/fact"),
        ({"levels": [{"colour": 1}]}, "/levels/0/colour"),
        ({"period": "year"}, "/levels/0/condition"),
        ({"prerequisites": ["a"]}, "/prerequisites"),
        ({"art": {"color": "red"}}, "/art/color"),
        ({"art": {"shape": "egg"}}, "/art/shape"),
        ({"staff": {"per": "day"}}, "/staff/quota"),
        ({"staff": {"quota": 0}}, "/staff/quota"),
        ({"image": "x.png"}, "/image"),
        ({"image": {"url": "javascript:x"}}, "/image/url"),
        ({"levels": [{"benefits": [{"kind": "badge", "key": "a"}]}]}, "/levels/0/benefits"),
        ({"colour": 1}, "/colour"),
    ],
)
def test_settings_that_cannot_be_used_are_told(changes, pointer):
    with pytest.raises(DefinitionInvalid) as caught:
        badge("a", "visits >= 1", **changes)
    assert pointer in [error["pointer"] for error in caught.value.errors]
