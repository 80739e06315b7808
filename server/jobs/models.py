"""Tables of periodic jobs."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of


class JobSlotRow(Base):
    """A slot of time of a job that some worker has taken. It outlives the run it led to."""

    __tablename__ = "job_slot"
    __table_args__ = (Index("ix_job_slot_taken", "taken_at"),)

    name: Mapped[str] = mapped_column(code(40), primary_key=True)
    slot: Mapped[int] = mapped_column(Amount, primary_key=True, autoincrement=False)
    taken_at: Mapped[datetime] = mapped_column(UTCDateTime)


class JobRunRow(Base):
    """One run of a job; `moved` counts what it did. A killed worker leaves it unfinished."""

    __tablename__ = "job_run"
    __table_args__ = (
        CheckConstraint("outcome IN ('running', 'done', 'failed', 'lost')", name="outcome"),
        CheckConstraint("(outcome = 'running') = (finished_at IS NULL)", name="finished"),
        Index("ix_job_run_name", "name", "started_at"),
        Index("ix_job_run_started", "started_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(code(40))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    outcome: Mapped[str] = mapped_column(code(12))
    moved: Mapped[int] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(String(500))


JOB_SLOT = table_of(JobSlotRow)
JOB_RUN = table_of(JobRunRow)
