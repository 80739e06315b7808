"""Tables of badges: who holds what, how rare it is, quotas of staff, and giving late."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of

_IN_FORCE = text("revoked_at IS NULL")


class BadgeAwardRow(Base):
    """One level of a badge given to a member; a revoked one stays as history."""

    __tablename__ = "badge_award"
    __table_args__ = (
        Index(
            "uq_badge_award_once",
            "member_id",
            "badge_id",
            "level",
            "period",
            unique=True,
            postgresql_where=_IN_FORCE,
            sqlite_where=_IN_FORCE,
        ),
        Index(
            "ix_badge_award_badge",
            "badge_id",
            "level",
            postgresql_where=_IN_FORCE,
            sqlite_where=_IN_FORCE,
        ),
        CheckConstraint("level > 0", name="level"),
        CheckConstraint("source IN ('earned', 'backfill', 'staff', 'grant')", name="source"),
        CheckConstraint("(source = 'staff') = (quota_on IS NOT NULL)", name="quota"),
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="revoked"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    badge_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"))
    level: Mapped[int] = mapped_column(Integer)
    period: Mapped[str] = mapped_column(code(7))
    source: Mapped[str] = mapped_column(code(12))
    activity_id: Mapped[str | None] = mapped_column(Id)
    actor: Mapped[str] = mapped_column(code(80))
    quota_on: Mapped[date | None] = mapped_column(Date)
    awarded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoke_reason: Mapped[str | None] = mapped_column(code(40))


class BadgeRarityRow(Base):
    """How many of the active members hold a level, as counted at an instant."""

    __tablename__ = "badge_rarity"
    __table_args__ = (CheckConstraint("holders <= members", name="holders"),)

    badge_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"), primary_key=True)
    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    holders: Mapped[int] = mapped_column(Amount)
    members: Mapped[int] = mapped_column(Amount)
    counted_at: Mapped[datetime] = mapped_column(UTCDateTime)


class BadgeQuotaRow(Base):
    """How many of a badge staff have given in the period that begins on a day."""

    __tablename__ = "badge_quota"
    __table_args__ = (CheckConstraint("used >= 0", name="used"),)

    badge_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"), primary_key=True)
    begins_on: Mapped[date] = mapped_column(Date, primary_key=True)
    used: Mapped[int] = mapped_column(Integer)


class BadgeBackfillRow(Base):
    """Giving a badge to all who have earned it already: how far it is."""

    __tablename__ = "badge_backfill"
    __table_args__ = (CheckConstraint("awarded >= 0 AND looked_at >= 0", name="counts"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    badge_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"))
    actor: Mapped[str] = mapped_column(code(80))
    after_id: Mapped[str] = mapped_column(Id)
    looked_at: Mapped[int] = mapped_column(Amount)
    awarded: Mapped[int] = mapped_column(Amount)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


BADGE_AWARD = table_of(BadgeAwardRow)
BADGE_RARITY = table_of(BadgeRarityRow)
BADGE_QUOTA = table_of(BadgeQuotaRow)
BADGE_BACKFILL = table_of(BadgeBackfillRow)
