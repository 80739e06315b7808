"""The table of nights."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Integer
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Json, UTCDateTime, code
from server.core.db import Base, table_of


class NightlyRunRow(Base):
    """One night, done once: how far each step is, and who works at it until when."""

    __tablename__ = "nightly_run"
    __table_args__ = (CheckConstraint("fence >= 0", name="fence"),)

    night_on: Mapped[date] = mapped_column(Date, primary_key=True)
    begins_at: Mapped[datetime] = mapped_column(UTCDateTime)
    zone: Mapped[str] = mapped_column(code(64))
    steps: Mapped[dict[str, Any]] = mapped_column(Json)
    fence: Mapped[int] = mapped_column(Integer)
    lease_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


NIGHTLY_RUN = table_of(NightlyRunRow)
