"""The table of attempts at quizzes."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, Json, UTCDateTime
from server.core.db import Base, table_of

_ROUND = ("member_id", "challenge_id", "round")
_OF_ROUND = [f"challenge_progress.{name}" for name in _ROUND]


class QuizAttemptRow(Base):
    """One time that a member answered a quiz; never updated."""

    __tablename__ = "quiz_attempt"
    __table_args__ = (
        ForeignKeyConstraint(_ROUND, _OF_ROUND),
        UniqueConstraint(*_ROUND, "number"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("right_answers >= 0", name="right_answers"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id)
    challenge_id: Mapped[str] = mapped_column(Id)
    round: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    right_answers: Mapped[int] = mapped_column(Integer)
    answered_at: Mapped[datetime] = mapped_column(UTCDateTime)


QUIZ_ATTEMPT = table_of(QuizAttemptRow)
