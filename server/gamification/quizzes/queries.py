"""Reading attempts at quizzes."""

from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.gamification.quizzes.models import QUIZ_ATTEMPT

_Q = QUIZ_ATTEMPT.c
_ATTEMPTS = (
    select(QUIZ_ATTEMPT)
    .where(
        _Q.member_id == bindparam("member_id"),
        _Q.challenge_id == bindparam("challenge_id"),
        _Q.round == bindparam("round"),
    )
    .order_by(_Q.number)
)


def list_attempts(tx: Connection, key: tuple[str, str, int]) -> list[Any]:
    """Return the attempts at a quiz, the oldest first, as rows of `quiz_attempt`."""
    asked = dict(zip(("member_id", "challenge_id", "round"), key, strict=True))
    return [*tx.execute(_ATTEMPTS, asked)]
