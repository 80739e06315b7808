"""The table of substituted prizes."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, Json, UTCDateTime
from server.core.db import Base, table_of


class RaffleSubstituteRow(Base):
    """What is given instead of a main prize that cannot be had, of equal or higher value.

    `note` is public. Two people decided it: the act `act_id`.
    """

    __tablename__ = "raffle_substitute"
    __table_args__ = (
        CheckConstraint("value_minor >= instead_of_minor", name="value"),
        CheckConstraint("place > 0", name="place"),
    )

    raffle_id: Mapped[str] = mapped_column(Id, ForeignKey("raffle.id"), primary_key=True)
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    names: Mapped[dict[str, Any]] = mapped_column(Json)
    value_minor: Mapped[int] = mapped_column(Amount)
    instead_of_minor: Mapped[int] = mapped_column(Amount)
    note: Mapped[str] = mapped_column(Text)
    act_id: Mapped[str] = mapped_column(Id, ForeignKey("raffle_act.id"))
    decided_at: Mapped[datetime] = mapped_column(UTCDateTime)


RAFFLE_SUBSTITUTE = table_of(RaffleSubstituteRow)
