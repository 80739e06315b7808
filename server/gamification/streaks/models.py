"""Tables of streaks: where members' runs are, and what stands behind them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of

_RUN = ("member_id", "streak_id")
_OF_RUN = [f"streak_run.{name}" for name in _RUN]


class StreakRunRow(Base):
    """The run of a member; written only under the lock of the member's points wallet."""

    __tablename__ = "streak_run"
    __table_args__ = (
        CheckConstraint("current >= 0 AND best >= current", name="current"),
        CheckConstraint("peak >= 0 AND freezes >= 0", name="freezes"),
        CheckConstraint("(last_on IS NULL) = (run_from_on IS NULL)", name="last"),
    )

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    streak_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"), primary_key=True)
    current: Mapped[int] = mapped_column(Integer)
    best: Mapped[int] = mapped_column(Integer)
    peak: Mapped[int] = mapped_column(Integer)
    freezes: Mapped[int] = mapped_column(Integer)
    run_from_on: Mapped[date | None] = mapped_column(Date)
    last_on: Mapped[date | None] = mapped_column(Date)
    settled_on: Mapped[date | None] = mapped_column(Date)
    last_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class StreakContributionRow(Base):
    """An activity that counts in a period; a period counts as long as one of them is left."""

    __tablename__ = "streak_contribution"
    __table_args__ = (
        ForeignKeyConstraint(_RUN, _OF_RUN),
        Index("ix_streak_contribution_activity", "activity_id"),
    )

    member_id: Mapped[str] = mapped_column(Id, primary_key=True)
    streak_id: Mapped[str] = mapped_column(Id, primary_key=True)
    period_on: Mapped[date] = mapped_column(Date, primary_key=True)
    activity_id: Mapped[str] = mapped_column(Id, primary_key=True)


class StreakGapRow(Base):
    """A missed period that broke nothing: a freeze was used, or a journey left the day out."""

    __tablename__ = "streak_gap"
    __table_args__ = (
        ForeignKeyConstraint(_RUN, _OF_RUN),
        CheckConstraint("kind IN ('frozen', 'skipped')", name="kind"),
    )

    member_id: Mapped[str] = mapped_column(Id, primary_key=True)
    streak_id: Mapped[str] = mapped_column(Id, primary_key=True)
    period_on: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(code(8))


class StreakMilestoneRow(Base):
    """A milestone that was given to a member, once for the run that reached it."""

    __tablename__ = "streak_milestone"
    __table_args__ = (
        ForeignKeyConstraint(_RUN, _OF_RUN),
        CheckConstraint("level >= 1", name="level"),
        CheckConstraint("state IN ('given', 'taken')", name="state"),
        CheckConstraint("(state = 'taken') = (taken_at IS NOT NULL)", name="taken"),
        Index(
            "uq_streak_milestone_given",
            *_RUN,
            "level",
            "period_on",
            unique=True,
            postgresql_where=text("state = 'given'"),
            sqlite_where=text("state = 'given'"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id)
    streak_id: Mapped[str] = mapped_column(Id)
    level: Mapped[int] = mapped_column(Integer)
    period_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(code(8))
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class StreakFreezeRow(Base):
    """A freeze that was bought with points; never updated."""

    __tablename__ = "streak_freeze"
    __table_args__ = (
        ForeignKeyConstraint(_RUN, _OF_RUN),
        CheckConstraint("points > 0", name="points"),
        Index("ix_streak_freeze_member", "member_id", "bought_at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id)
    streak_id: Mapped[str] = mapped_column(Id)
    points: Mapped[int] = mapped_column(Amount)
    transfer_id: Mapped[str] = mapped_column(Id, ForeignKey("transfer.id"))
    bought_at: Mapped[datetime] = mapped_column(UTCDateTime)


STREAK_RUN = table_of(StreakRunRow)
STREAK_CONTRIBUTION = table_of(StreakContributionRow)
STREAK_GAP = table_of(StreakGapRow)
STREAK_MILESTONE = table_of(StreakMilestoneRow)
STREAK_FREEZE = table_of(StreakFreezeRow)
