"""The table of consents. Rows are never changed: the newest answer to a purpose counts."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, UTCDateTime, code
from server.core.db import Base, table_of


class ConsentRow(Base):
    """One answer of a member: to what, yes or no, and the version of the words that were shown."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("purpose IN ('marketing_push', 'marketing_email')", name="purpose"),
        CheckConstraint("source IN ('till', 'app', 'import', 'api')", name="source"),
        CheckConstraint("number >= 1", name="number"),
    )

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(code(24), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    is_granted: Mapped[bool]
    version: Mapped[str] = mapped_column(code(40))
    source: Mapped[str] = mapped_column(code(12))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)


CONSENT = table_of(ConsentRow)
