"""Tables of tiers."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, Json, UTCDateTime, code
from server.core.db import Base, table_of


class TierRow(Base):
    """One step of the ladder."""

    __tablename__ = "tier"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint("threshold >= 0", name="threshold"),
        CheckConstraint("earn_multiplier_bp >= 0", name="earn_multiplier"),
        CheckConstraint("discount_bp >= 0 AND discount_bp <= 10000", name="discount"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(code(40))
    rank: Mapped[int] = mapped_column(Integer)
    names: Mapped[dict[str, str]] = mapped_column(Json)
    entry: Mapped[str] = mapped_column(code(20))
    threshold: Mapped[int] = mapped_column(Amount)
    earn_multiplier_bp: Mapped[int] = mapped_column(Integer)
    discount_bp: Mapped[int] = mapped_column(Integer)
    benefits: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


TIER = table_of(TierRow)
