"""Tables of challenges: how far members are, why, and what they earned."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, Json, UTCDateTime, code
from server.core.db import Base, table_of

_ROUND = ("member_id", "challenge_id", "round")
_OF_ROUND = [f"challenge_progress.{name}" for name in _ROUND]


class ChallengeProgressRow(Base):
    """One round of a member; written only under the lock of the member's points wallet."""

    __tablename__ = "challenge_progress"
    __table_args__ = (
        CheckConstraint("round >= 1", name="round"),
        CheckConstraint("current >= 0 AND peak >= current", name="current"),
        CheckConstraint("done_before >= 0 AND done_before < round", name="done_before"),
        CheckConstraint("turn >= 0", name="turn"),
    )

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    challenge_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"), primary_key=True)
    round: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    current: Mapped[int] = mapped_column(Amount)
    peak: Mapped[int] = mapped_column(Amount)
    turn: Mapped[int] = mapped_column(Integer)
    done_before: Mapped[int] = mapped_column(Integer)
    marks: Mapped[dict[str, Any]] = mapped_column(Json)
    starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    joined_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    is_live: Mapped[bool] = mapped_column(Boolean)


class ChallengeContributionRow(Base):
    """What one activity contributed to a round: an amount, or the support of a mark."""

    __tablename__ = "challenge_contribution"
    __table_args__ = (
        ForeignKeyConstraint(_ROUND, _OF_ROUND),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("mark = '' OR amount = 1", name="mark"),
        Index("ix_challenge_contribution_activity", "activity_id"),
    )

    member_id: Mapped[str] = mapped_column(Id, primary_key=True)
    challenge_id: Mapped[str] = mapped_column(Id, primary_key=True)
    round: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    activity_id: Mapped[str] = mapped_column(Id, primary_key=True)
    mark: Mapped[str] = mapped_column(code(128), primary_key=True)
    amount: Mapped[int] = mapped_column(Amount)
    counted_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ChallengeRewardRow(Base):
    """A stage that was reached: its reward waits, was given, was taken back, or was let pass."""

    __tablename__ = "challenge_reward"
    __table_args__ = (
        ForeignKeyConstraint(_ROUND, _OF_ROUND),
        UniqueConstraint(*_ROUND, "stage", "turn"),
        CheckConstraint("state IN ('due', 'given', 'taken')", name="state"),
        CheckConstraint("state <> 'due' OR (given_at IS NULL AND taken_at IS NULL)", name="due"),
        CheckConstraint("state <> 'given' OR given_at IS NOT NULL", name="given"),
        CheckConstraint("(state = 'taken') = (taken_at IS NOT NULL)", name="taken"),
        Index(
            "ix_challenge_reward_due",
            "member_id",
            postgresql_where=text("state = 'due'"),
            sqlite_where=text("state = 'due'"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id)
    challenge_id: Mapped[str] = mapped_column(Id)
    round: Mapped[int] = mapped_column(Integer)
    stage: Mapped[str] = mapped_column(code(60))
    turn: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(code(8))
    benefits: Mapped[list[Any]] = mapped_column(Json)
    reached_at: Mapped[datetime] = mapped_column(UTCDateTime)
    claim_until_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    given_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


CHALLENGE_PROGRESS = table_of(ChallengeProgressRow)
CHALLENGE_CONTRIBUTION = table_of(ChallengeContributionRow)
CHALLENGE_REWARD = table_of(ChallengeRewardRow)
