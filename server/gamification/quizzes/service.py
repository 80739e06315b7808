"""Quizzes: answers are checked here and nowhere else; right ones are told only afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from server.core.errors import FieldError, ValidationFailed
from server.core.ids import new_id
from server.gamification.challenges import rules
from server.gamification.challenges.errors import (
    ChallengeCompleted,
    ChallengeEnded,
    ChallengeLocked,
    EnrolmentRequired,
)
from server.gamification.challenges.playing import Played, save_played
from server.gamification.challenges.queries import live_rounds
from server.gamification.challenges.service import check_open, why_locked
from server.gamification.challenges.types import Advance, Challenge, Contribution, Progress
from server.gamification.challenges.types import Taker as Answerer
from server.gamification.definitions.questions import Quiz
from server.gamification.grants.awarding import give_gifts
from server.gamification.grants.types import Given
from server.gamification.ledger.service import open_book
from server.gamification.programme.types import POINTS
from server.gamification.quizzes.errors import AttemptsUsedUp, NotAQuiz
from server.gamification.quizzes.models import QUIZ_ATTEMPT
from server.gamification.quizzes.queries import list_attempts

Answers = Mapping[str, frozenset[str]]
"""The chosen options by question."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a quiz was answered: which questions rightly, and how often it may be tried again.

    `is_over` says that it is passed or was the last attempt: only then right answers are told.
    """

    id: str
    number: int
    right: frozenset[str]
    left: int
    is_passed: bool
    given: tuple[Given, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be won by knowing the answers."""
        return self.is_passed or not self.left


def answer(
    tx: Connection,
    member_id: str,
    challenge: Challenge,
    answers: Answers,
    answerer: Answerer,
    now: datetime,
) -> Attempt:
    """Check the answers of a member and count the best attempt.

    Questions left out are wrong. Raise `NotAQuiz`, `ValidationFailed`, `ChallengeNotStarted`,
    `ChallengeEnded`, `ChallengeLocked`, `EnrolmentRequired`, `ChallengeCompleted`,
    `AttemptsUsedUp`.
    """
    quiz = challenge.quiz
    if quiz is None:
        raise NotAQuiz
    check_answers(quiz, answers)
    open_book(tx, member_id, POINTS, now)
    progress, closed = _round(tx, member_id, challenge, answerer, now)
    number = len(list_attempts(tx, progress.key)) + 1
    if number > quiz.attempts:
        raise AttemptsUsedUp
    right = right_ones(quiz, answers)
    attempt_id = new_id("qza", now)
    better = max(0, len(right) - progress.current)
    contributions = [Contribution(attempt_id, "", better)] if better else []
    advance = rules.count(challenge, progress, contributions, now, closed)
    given = _save(tx, challenge, advance, answerer, now)
    tx.execute(insert(QUIZ_ATTEMPT), _row(attempt_id, progress, number, answers, right, now))
    is_passed = advance.progress.completed_at is not None
    return Attempt(attempt_id, number, right, quiz.attempts - number, is_passed, tuple(given))


def right_ones(quiz: Quiz, answers: Answers) -> frozenset[str]:
    """Return the keys of the questions that are answered rightly."""
    return frozenset(q.key for q in quiz.questions if answers.get(q.key) == q.right)


def check_answers(quiz: Quiz, answers: Answers) -> None:
    """Raise `ValidationFailed` for questions and options that do not exist."""
    options = {question.key: {one.key for one in question.options} for question in quiz.questions}
    wrong = [
        FieldError(pointer=f"/answers/{index}", code="unknown", detail="There is no such answer.")
        for index, (key, chosen) in enumerate(answers.items())
        if key not in options or not chosen <= options[key]
    ]
    if wrong:
        raise ValidationFailed(wrong)


def _round(
    tx: Connection, member_id: str, challenge: Challenge, answerer: Answerer, now: datetime
) -> tuple[Progress, Progress | None]:
    """Return the round to answer in and the one it closes, or say why there is none."""
    check_open(challenge, now)
    rounds = live_rounds(tx, member_id, challenge.id)
    latest = rounds[-1] if rounds else None
    if challenge.is_opt_in and (latest is None or latest.left_at is not None):
        raise EnrolmentRequired
    found = rules.round_for(challenge, rounds, (member_id, now), answerer)
    if found is None and latest is None:
        raise ChallengeLocked(reasons=why_locked(challenge, answerer))
    if found is None or found[0].completed_at is not None:
        is_done = latest is not None and latest.completed_at is not None
        raise ChallengeCompleted if is_done else ChallengeEnded
    return found


def _save(
    tx: Connection, challenge: Challenge, advance: Advance, answerer: Answerer, now: datetime
) -> list[Given]:
    played = Played(now, answerer.zone)
    played.note(challenge, advance, now)
    save_played(tx, played)
    return give_gifts(tx, played.gifts, f"member:{advance.progress.member_id}", now)


def _row(
    attempt_id: str,
    progress: Progress,
    number: int,
    answers: Answers,
    right: frozenset[str],
    now: datetime,
) -> dict[str, Any]:
    return {
        "id": attempt_id,
        "member_id": progress.member_id,
        "challenge_id": progress.challenge_id,
        "round": progress.round,
        "number": number,
        "answers": {key: sorted(chosen) for key, chosen in answers.items()},
        "right_answers": len(right),
        "answered_at": now,
    }
