"""The table of acts that need two people."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, Json, UTCDateTime, code
from server.core.db import Base, table_of


class RaffleActRow(Base):
    """What one person asked to be done with a raffle, and who else approved it.

    `kind` says what (`cancel`, `substitute`, ...), `details` are for whoever carries it out.
    """

    __tablename__ = "raffle_act"
    __table_args__ = (
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved"),
        CheckConstraint("approved_by <> asked_by", name="two_people"),
        Index("ix_raffle_act_raffle", "raffle_id", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    raffle_id: Mapped[str] = mapped_column(Id, ForeignKey("raffle.id"))
    kind: Mapped[str] = mapped_column(code(20))
    details: Mapped[dict[str, Any]] = mapped_column(Json)
    asked_by: Mapped[str] = mapped_column(code(80))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    approved_by: Mapped[str | None] = mapped_column(code(80))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


RAFFLE_ACT = table_of(RaffleActRow)
