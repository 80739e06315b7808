"""Tables of tiers."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
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


class MemberTierRow(Base):
    """Which tier a member holds, since when and why, and below which tier they never fall."""

    __tablename__ = "member_tier"

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    tier_id: Mapped[str | None] = mapped_column(Id, ForeignKey("tier.id"))
    since_at: Mapped[datetime] = mapped_column(UTCDateTime)
    source: Mapped[str] = mapped_column(code(12))
    is_locked: Mapped[bool] = mapped_column(Boolean, default=False)
    floor_id: Mapped[str | None] = mapped_column(Id, ForeignKey("tier.id"))


class TierChangeRow(Base):
    """The history of a member's tiers."""

    __tablename__ = "tier_change"
    __table_args__ = (Index("ix_tier_change_member", "member_id", "changed_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    from_id: Mapped[str | None] = mapped_column(Id)
    to_id: Mapped[str | None] = mapped_column(Id)
    source: Mapped[str] = mapped_column(code(12))
    ref_id: Mapped[str] = mapped_column(code(64))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


TIER = table_of(TierRow)
MEMBER_TIER = table_of(MemberTierRow)
TIER_CHANGE = table_of(TierChangeRow)
