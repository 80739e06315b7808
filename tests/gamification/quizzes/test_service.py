"""Quizzes: attempts, the pass mark, and what is told when."""

from typing import Any

import pytest
from sqlalchemy import Connection

from server.core.errors import Refusal, ValidationFailed
from server.gamification.challenges.service import claim, join
from server.gamification.challenges.types import Challenge
from server.gamification.invariants.service import check_all
from server.gamification.quizzes.service import Attempt, answer
from tests.builders.games import ANYBODY, DAY, MONDAY
from tests.builders.playing import open_challenge, open_quiz, rewards, rounds
from tests.builders.purchases import add_member, balances, open_shop

BEAN, MILK = {"bean": {"yes"}}, {"milk": {"no", "maybe"}}


@pytest.fixture
def ana(tx: Connection) -> str:
    """A member of a shop with the four metals."""
    open_shop(tx, MONDAY)
    return add_member(tx, MONDAY)


def try_quiz(tx: Connection, ana: str, quiz: Challenge, answers: Any, day: int = 0) -> Attempt:
    chosen = {key: frozenset(options) for key, options in answers.items()}
    return answer(tx, ana, quiz, chosen, ANYBODY, MONDAY + day * DAY)


@pytest.mark.parametrize(
    ("answers", "right"),
    [
        ({}, set()),
        (BEAN, {"bean"}),
        (BEAN | MILK, {"bean", "milk"}),
        ({"bean": {"yes", "no"}}, set()),
        ({"milk": {"no"}}, set()),
    ],
)
def test_a_question_is_right_with_exactly_its_right_answers(
    tx: Connection, ana: str, answers: Any, right: Any
) -> None:
    found = try_quiz(tx, ana, open_quiz(tx), answers)
    assert (found.right, found.is_passed, found.left) == (right, len(right) == 2, 1)
    assert rounds(tx, ana) == [(1, len(right), len(right) == 2)]
    assert check_all(tx, MONDAY) == []


def test_the_best_attempt_counts_and_passing_gives_the_reward(tx: Connection, ana: str) -> None:
    quiz = open_quiz(tx, attempts=3)
    assert not try_quiz(tx, ana, quiz, BEAN).is_over
    assert not try_quiz(tx, ana, quiz, {}).is_passed
    assert rounds(tx, ana) == [(1, 1, False)]
    last = try_quiz(tx, ana, quiz, BEAN | MILK)
    assert (last.number, last.is_passed, last.is_over) == (3, True, True)
    assert rewards(tx, ana) == [("end", 0, "due")]
    claim(tx, ana, quiz, "member:ana", MONDAY)
    assert balances(tx, ana)[0] == 50
    assert check_all(tx, MONDAY) == []


def refused(tx: Connection, ana: str, quiz: Challenge, answers: Any = BEAN, day: int = 0) -> str:
    with pytest.raises(Refusal) as found:
        try_quiz(tx, ana, quiz, answers, day)
    return found.value.code


def test_attempts_are_used_up(tx: Connection, ana: str) -> None:
    quiz = open_quiz(tx, attempts=1)
    assert try_quiz(tx, ana, quiz, {}).is_over
    assert refused(tx, ana, quiz) == "attempts_used_up"
    assert rounds(tx, ana) == [(1, 0, False)]


def test_what_is_passed_is_not_answered_again(tx: Connection, ana: str) -> None:
    quiz = open_quiz(tx)
    try_quiz(tx, ana, quiz, BEAN | MILK)
    assert refused(tx, ana, quiz) == "challenge_completed"


@pytest.mark.parametrize(
    ("settings", "day", "code"),
    [
        ({"window": {"ends_at": "2026-11-17T00:00:00Z"}}, 1, "challenge_ended"),
        ({"window": {"starts_at": "2026-11-17T00:00:00Z"}}, 0, "challenge_not_started"),
        ({"opt_in": True}, 0, "enrolment_required"),
        ({"requires": {"badges": ["expert"]}}, 0, "challenge_locked"),
    ],
)
def test_who_may_not_answer_is_told_why(
    tx: Connection, ana: str, settings: Any, day: int, code: str
) -> None:
    quiz = open_quiz(tx, **settings)
    assert (refused(tx, ana, quiz, day=day), rounds(tx, ana)) == (code, [])


def test_a_member_who_joined_may_answer(tx: Connection, ana: str) -> None:
    quiz = open_quiz(tx, opt_in=True)
    join(tx, ana, quiz, ANYBODY, MONDAY)
    assert try_quiz(tx, ana, quiz, BEAN).right == {"bean"}


@pytest.mark.parametrize("answers", [{"tea": {"yes"}}, {"bean": {"perhaps"}}])
def test_answers_that_do_not_exist_are_no_attempt(tx: Connection, ana: str, answers: Any) -> None:
    quiz = open_quiz(tx)
    with pytest.raises(ValidationFailed) as found:
        try_quiz(tx, ana, quiz, answers)
    assert [error["pointer"] for error in found.value.errors] == ["/answers/0"]
    assert rounds(tx, ana) == []


def test_only_a_quiz_can_be_answered(tx: Connection, ana: str) -> None:
    assert refused(tx, ana, open_challenge(tx)) == "not_a_quiz"
