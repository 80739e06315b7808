"""What can be configured as a challenge or a streak, and what is refused with which words."""

from typing import Any

import pytest

from server.gamification.challenges.settings import read_challenge
from server.gamification.challenges.types import Claim, OnRefund
from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.streaks.settings import read_streak
from tests.builders.playing import question

NAMES = {"names": {"en": "One"}}
COUNT = NAMES | {"metric": "count", "target": 3}
STEP = {"key": "a", "names": {"en": "A"}}
POINTS = [{"kind": "points", "amount": 5}]
QUIZ = {"questions": [question("bean", "yes")]}


def test_what_is_not_said_has_its_default() -> None:
    read = read_challenge("chl_1", "one", COUNT)
    assert (read.times, read.claim, read.on_refund) == (1, Claim.MANUAL, OnRefund.TAKE_BACK)
    assert (read.filter.kinds, read.is_opt_in, read.window.days) == (("purchase",), False, 0)
    assert read_challenge("chl_1", "one", COUNT | {"repeat": {}}).times == 0
    steps = read_challenge("chl_1", "one", NAMES | {"metric": "steps", "steps": [STEP]})
    assert (steps.target, steps.steps[0].benefits) == (1, ())


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"metric": None}, {"/metric"}),
        ({"metric": "jumps"}, {"/metric"}),
        ({"names": None}, {"/names"}),
        ({"target": 0}, {"/target"}),
        ({"target": None}, {"/target"}),
        ({"colour": "red"}, {"/colour"}),
        ({"steps": [STEP]}, {"/steps"}),
        ({"metric": "steps", "target": None}, {"/steps"}),
        ({"metric": "steps", "target": None, "steps": [STEP, STEP]}, {"/steps"}),
        ({"metric": "category"}, {"/filter"}),
        ({"metric": "distinct", "target": 501}, {"/target"}),
        ({"metric": "quiz"}, {"/quiz"}),
        ({"metric": "quiz", "quiz": QUIZ}, {"/target"}),
        ({"metric": "quiz", "target": 1, "quiz": {}}, {"/quiz/questions", "/target"}),
        ({"milestones": [{"at": 3, "benefits": POINTS}]}, {"/milestones"}),
        ({"milestones": [{"at": 2, "benefits": POINTS}] * 2}, {"/milestones"}),
        ({"window": {"days": -1}}, {"/window/days"}),
        (
            {"window": {"starts_at": "2026-11-17T00:00:00Z", "ends_at": "2026-11-16T00:00:00Z"}},
            {"/window/ends_at"},
        ),
        ({"filter": {"weekdays": [0]}}, {"/filter/weekdays"}),
        ({"filter": {"hours": {"from": 7, "until": 7}}}, {"/filter/hours/until"}),
        ({"filter": {"hours": {"from": 24}}}, {"/filter/hours/from"}),
        ({"filter": {"animals": []}}, {"/filter/animals"}),
        ({"claim": {"mode": "sometimes"}}, {"/claim/mode"}),
        (
            {"image": {"url": "https://example.com/a.png"}},
            {"/image/width", "/image/height", "/image/alt"},
        ),
    ],
)
def test_a_challenge_that_makes_no_sense_is_refused(changes: Any, pointers: Any) -> None:
    with pytest.raises(DefinitionInvalid) as refused:
        read_challenge("chl_1", "one", COUNT | changes)
    assert {error["pointer"] for error in refused.value.errors} == pointers


@pytest.mark.parametrize(
    ("wrong", "name"),
    [({"right": []}, "right"), ({"right": ["who"]}, "right"), ({"options": []}, "options")],
)
def test_a_question_needs_answers_of_which_some_are_right(wrong: Any, name: str) -> None:
    quiz = {"questions": [question("bean", "yes") | wrong]}
    with pytest.raises(DefinitionInvalid) as refused:
        read_challenge("chl_1", "one", COUNT | {"metric": "quiz", "target": 1, "quiz": quiz})
    assert f"/quiz/questions/0/{name}" in {one["pointer"] for one in refused.value.errors}


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({}, {"/period"}),
        ({"period": "year"}, {"/period"}),
        ({"period": "day", "freezes": {"start": 2, "most": 1}}, {"/freezes/start"}),
        ({"period": "day", "milestones": [{"at": 0, "benefits": POINTS}]}, {"/milestones/0/at"}),
        ({"period": "day", "milestones": [{"at": 5}]}, {"/milestones/0/benefits"}),
        ({"period": "day", "filter": {"hours": 7}}, {"/filter/hours"}),
    ],
)
def test_a_streak_that_makes_no_sense_is_refused(changes: Any, pointers: Any) -> None:
    with pytest.raises(DefinitionInvalid) as refused:
        read_streak("stk_1", "one", NAMES | changes)
    assert {error["pointer"] for error in refused.value.errors} == pointers
