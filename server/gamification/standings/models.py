"""Tables of where members stand, and of what counts by day."""

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of


class MemberTierRow(Base):
    """Which tier a member holds, since when and why, until when, and below which nobody falls.

    `review_on` is the first day on which something may change by itself, `risk_on` the one on which
    the member is told next that the tier may be lost.
    """

    __tablename__ = "member_tier"
    __table_args__ = (
        Index(
            "ix_member_tier_review",
            "review_on",
            "member_id",
            postgresql_where=text("review_on IS NOT NULL"),
            sqlite_where=text("review_on IS NOT NULL"),
        ),
        Index(
            "ix_member_tier_risk",
            "risk_on",
            "member_id",
            postgresql_where=text("risk_on IS NOT NULL"),
            sqlite_where=text("risk_on IS NOT NULL"),
        ),
    )

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    tier_id: Mapped[str | None] = mapped_column(Id, ForeignKey("tier.id"))
    since_at: Mapped[datetime] = mapped_column(UTCDateTime)
    source: Mapped[str] = mapped_column(code(12))
    is_locked: Mapped[bool] = mapped_column(Boolean, default=False)
    floor_id: Mapped[str | None] = mapped_column(Id, ForeignKey("tier.id"))
    floor_until_on: Mapped[date | None] = mapped_column(Date)
    keep_until_on: Mapped[date | None] = mapped_column(Date)
    grace_until_on: Mapped[date | None] = mapped_column(Date)
    period_from_on: Mapped[date | None] = mapped_column(Date)
    idle_review_on: Mapped[date | None] = mapped_column(Date)
    review_on: Mapped[date | None] = mapped_column(Date)
    risk_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(String(200))


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


class QualifyingDayRow(Base):
    """What a member did on one calendar day that counts; kept while a window is switched on.

    Returns subtract on the day of their purchase. On PostgreSQL the key's index holds the numbers
    too, so that the score of a period is read from the index alone.
    """

    __tablename__ = "qualifying_day"
    __table_args__ = {"sqlite_with_rowid": False}

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    day_on: Mapped[date] = mapped_column(Date, primary_key=True)
    points: Mapped[int] = mapped_column(Amount)
    spend_minor: Mapped[int] = mapped_column(Amount)
    visits: Mapped[int] = mapped_column(Integer)


class TierNoticeRow(Base):
    """A notice that was given: once for a member, a kind, a tier and a period."""

    __tablename__ = "tier_notice"

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(code(20), primary_key=True)
    tier_id: Mapped[str] = mapped_column(Id, primary_key=True)
    period_on: Mapped[date] = mapped_column(Date, primary_key=True)


MEMBER_TIER = table_of(MemberTierRow)
TIER_CHANGE = table_of(TierChangeRow)
QUALIFYING_DAY = table_of(QualifyingDayRow)
TIER_NOTICE = table_of(TierNoticeRow)
