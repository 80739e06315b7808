"""A report holds what its type declares, and counts as often as the type says."""

from datetime import date
from typing import Any

import pytest

from server.gamification.activity_types.rules import faults, period_of
from server.gamification.activity_types.settings import read_activity_type
from server.gamification.activity_types.types import ActivityType, Often
from server.gamification.definitions.errors import DefinitionInvalid

REVIEW: dict[str, Any] = {
    "names": {"en": "Review"},
    "fields": [
        {"name": "stars", "type": "integer", "is_required": True, "least": 1, "most": 5},
        {"name": "text", "type": "text", "most": 10},
        {"name": "site", "type": "choice", "choices": ["google", "own"]},
        {"name": "is_public", "type": "flag"},
        {"name": "visited_on", "type": "day"},
    ],
}


def review(**changes: Any) -> ActivityType:
    return read_activity_type("aty_1", "review", REVIEW | changes)


def told(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["code"]) for fault in faults(review(), data)]


def test_a_report_as_declared_has_no_faults() -> None:
    full = {"stars": 5, "text": "Good", "site": "own", "is_public": True}
    assert told(full | {"visited_on": "2026-02-28"}) == []
    assert told({"stars": 1}) == []


@pytest.mark.parametrize(
    ("data", "pointer", "code"),
    [
        ({}, "/data/stars", "required"),
        ({"stars": None}, "/data/stars", "required"),
        ({"stars": 6}, "/data/stars", "invalid"),
        ({"stars": 0}, "/data/stars", "invalid"),
        ({"stars": True}, "/data/stars", "invalid"),
        ({"stars": 4.0}, "/data/stars", "invalid"),
        ({"stars": 5, "text": "x" * 11}, "/data/text", "invalid"),
        ({"stars": 5, "text": "a\u202eb"}, "/data/text", "invalid"),
        ({"stars": 5, "site": "other"}, "/data/site", "invalid"),
        ({"stars": 5, "is_public": 1}, "/data/is_public", "invalid"),
        ({"stars": 5, "visited_on": "2026-02-29"}, "/data/visited_on", "invalid"),
        ({"stars": 5, "visited_on": "20260228"}, "/data/visited_on", "invalid"),
        ({"stars": 5, "colour": "red"}, "/data/colour", "unknown"),
    ],
)
def test_what_is_not_as_declared_is_blamed(data: dict[str, Any], pointer: str, code: str) -> None:
    assert told(data) == [(pointer, code)]


@pytest.mark.parametrize(
    ("often", "day", "period"),
    [
        (Often.ALWAYS, "2026-03-01", None),
        (Often.ONCE, "2026-03-01", ("2000-01-01", "2999-12-31")),
        (Often.DAILY, "2026-03-01", ("2026-03-01", "2026-03-01")),
        (Often.WEEKLY, "2026-03-01", ("2026-02-23", "2026-03-01")),
        (Often.WEEKLY, "2026-03-02", ("2026-03-02", "2026-03-08")),
        (Often.WEEKLY, "2027-01-01", ("2026-12-28", "2027-01-03")),
        (Often.MONTHLY, "2028-02-29", ("2028-02-01", "2028-02-29")),
        (Often.MONTHLY, "2026-12-31", ("2026-12-01", "2026-12-31")),
    ],
)
def test_a_type_counts_once_in_its_period(
    often: Often, day: str, period: tuple[str, str] | None
) -> None:
    found = period_of(often, date.fromisoformat(day))
    assert (found and tuple(one.isoformat() for one in found)) == period


@pytest.mark.parametrize("key", ["purchase", "redemption", "Review", "a b", "x" * 21, ""])
def test_the_key_is_a_short_word(key: str) -> None:
    with pytest.raises(DefinitionInvalid):
        read_activity_type("aty_1", key, REVIEW)


@pytest.mark.parametrize(
    "field",
    [
        {"name": "a", "type": "choice"},
        {"name": "a", "type": "text", "choices": ["x"]},
        {"name": "A", "type": "text"},
        {"type": "text"},
        {"name": "a", "type": "list"},
    ],
)
def test_a_field_that_makes_no_sense_is_refused(field: dict[str, Any]) -> None:
    with pytest.raises(DefinitionInvalid):
        review(fields=[field])


def test_a_field_is_declared_once() -> None:
    with pytest.raises(DefinitionInvalid):
        review(fields=[{"name": "a", "type": "text"}] * 2)


@pytest.mark.parametrize(
    "bounds",
    [
        {"type": "text", "most": 501},
        {"type": "text", "least": -1},
        {"type": "text", "least": 20, "most": 10},
        {"type": "text", "least": 501},
        {"type": "integer", "most": 2**53},
        {"type": "integer", "least": 6, "most": 5},
    ],
)
def test_no_field_is_declared_that_could_never_be_reported(bounds: dict[str, Any]) -> None:
    with pytest.raises(DefinitionInvalid):
        review(fields=[{"name": "one"} | bounds])


def test_texts_may_be_as_long_as_they_are_taken() -> None:
    declared = review(fields=[{"name": "essay", "type": "text", "most": 500}])
    assert faults(declared, {"essay": "x" * 500}) == []
