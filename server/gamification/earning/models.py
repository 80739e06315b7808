"""Tables of earning."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, Json, UTCDateTime, code
from server.core.db import Base, table_of


class EarnRuleRow(Base):
    """One version of an earn rule. A change is a new version; old ones stay for the traces."""

    __tablename__ = "earn_rule"
    __table_args__ = (
        CheckConstraint("points > 0", name="points"),
        CheckConstraint("kind <> 'amount' OR per_minor > 0", name="per_minor"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(code(12))
    names: Mapped[dict[str, str]] = mapped_column(Json)
    points: Mapped[int] = mapped_column(Amount)
    per_minor: Mapped[int] = mapped_column(Amount, default=0)
    conditions: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class EarnCounterRow(Base):
    """How many points a capped rule has given a member in one period."""

    __tablename__ = "earn_counter"
    __table_args__ = (CheckConstraint("points >= 0", name="points"),)

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    cap_key: Mapped[str] = mapped_column(code(64), primary_key=True)
    points: Mapped[int] = mapped_column(Amount)


EARN_RULE = table_of(EarnRuleRow)
EARN_COUNTER = table_of(EarnCounterRow)
