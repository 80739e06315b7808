"""The table of grants."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, Json, UTCDateTime, code
from server.core.db import Base, table_of


class BenefitGrantRow(Base):
    """What a member was given for one reason (`grant` is a word of SQL's own)."""

    __tablename__ = "benefit_grant"
    __table_args__ = (
        UniqueConstraint("member_id", "ref_kind", "ref_id"),
        CheckConstraint("state IN ('given', 'taken_back')", name="state"),
        CheckConstraint("(state = 'taken_back') = (taken_back_at IS NOT NULL)", name="taken_back"),
        Index("ix_benefit_grant_activity", "activity_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    ref_kind: Mapped[str] = mapped_column(code(20))
    ref_id: Mapped[str] = mapped_column(code(80))
    activity_id: Mapped[str | None] = mapped_column(Id)
    names: Mapped[dict[str, str]] = mapped_column(Json)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(code(12))
    actor: Mapped[str] = mapped_column(code(80))
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    taken_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


BENEFIT_GRANT = table_of(BenefitGrantRow)
