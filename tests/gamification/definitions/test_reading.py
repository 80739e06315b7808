"""Settings are read strictly, and every error is told at once."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import pytest

from server.gamification.definitions.benefits import Benefit, BenefitKind, read_benefits
from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.definitions.reading import Reader


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


def told(reader: Reader) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionInvalid) as refused:
        reader.close()
    return [(error["pointer"], error["code"]) for error in refused.value.errors]


def test_fields_are_taken_as_their_types() -> None:
    reader = Reader(
        {
            "target": 3,
            "is_secret": True,
            "names": {"en": "Coffee card"},
            "colour": "blue",
            "on": "2026-11-30",
            "at": "2026-11-30T09:00:00+02:00",
            "skus": ["a", "b", "a"],
        }
    )
    assert reader.integer("target", least=1) == 3
    assert reader.flag("is_secret") is True
    assert reader.localised("names", required=True) == {"en": "Coffee card"}
    assert reader.choice("colour", Colour, Colour.RED) is Colour.BLUE
    assert reader.day("on") == date(2026, 11, 30)
    assert reader.instant("at") == datetime(2026, 11, 30, 7, tzinfo=UTC)
    assert reader.texts("skus") == ("a", "b")
    assert reader.optional_integer("most") is None
    reader.close()


@pytest.mark.parametrize("value", [0, 1.0, "3", True, 2**53, [], {}])
def test_a_wrong_number_is_blamed(value: object) -> None:
    reader = Reader({"target": value})
    reader.integer("target", 1, least=1)
    assert told(reader) == [("/target", "invalid")]


@pytest.mark.parametrize("value", ["", " ", "a\x00b", "a\nb", "a\u202eb", "x" * 2001, 5])
def test_a_wrong_text_is_blamed(value: object) -> None:
    reader = Reader({"title": value})
    reader.text("title")
    assert told(reader) == [("/title", "invalid")]


def test_a_naive_instant_is_blamed() -> None:
    reader = Reader({"at": "2026-11-30T09:00:00"})
    reader.instant("at")
    assert told(reader) == [("/at", "invalid")]


def test_unknown_fields_are_refused_at_every_depth() -> None:
    reader = Reader({"steps": [{"at": 1, "colour": "red"}], "zzz": 1})
    reader.each("steps", lambda step: step.integer("at"))
    assert told(reader) == [("/steps/0/colour", "unknown"), ("/zzz", "unknown")]


@pytest.mark.parametrize("settings", [None, [], "text", 3])
def test_settings_that_are_no_object_are_refused(settings: object) -> None:
    assert told(Reader(settings)) == [("", "not_an_object")]


def test_benefits_are_read() -> None:
    stored: list[dict[str, Any]] = [
        {"kind": "points", "amount": 50},
        {"kind": "stars", "amount": 2, "key": "coffee_stars"},
        {"kind": "badge", "key": "regular"},
    ]
    reader = Reader({"benefits": stored})
    assert read_benefits(reader) == (
        Benefit(BenefitKind.POINTS, 50, "points"),
        Benefit(BenefitKind.STARS, 2, "coffee_stars"),
        Benefit(BenefitKind.BADGE, 1, "regular"),
    )
    reader.close()


@pytest.mark.parametrize(
    ("benefit", "pointer"),
    [
        ({"kind": "points"}, "/benefits/0/amount"),
        ({"kind": "badge"}, "/benefits/0/key"),
        ({"kind": "points", "amount": 0}, "/benefits/0/amount"),
        ({"kind": "gold", "amount": 1}, "/benefits/0/kind"),
    ],
)
def test_a_benefit_says_what_and_how_many(benefit: dict[str, Any], pointer: str) -> None:
    reader = Reader({"benefits": [benefit]})
    read_benefits(reader)
    assert pointer in {pointer for pointer, _ in told(reader)}


def test_names_are_one_line_and_texts_may_have_several() -> None:
    reader = Reader(
        {"names": {"en": "a\nb"}, "texts": {"en": "a\n\nb"}, "more": {"en": "a\u2066b"}}
    )
    reader.localised("names")
    assert reader.localised("texts", lines=True) == {"en": "a\n\nb"}
    reader.localised("more", lines=True)
    assert told(reader) == [("/names", "invalid"), ("/more", "invalid")]
