"""Tables of members and what they are found by."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, Json, UTCDateTime, code
from server.core.db import Base, table_of


class MemberRow(Base):
    """A person in the programme. Contact data is not here: see `member_identifier`."""

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'blocked', 'erased', 'merged')", name="status"),
        CheckConstraint("(status = 'merged') = (merged_into_id IS NOT NULL)", name="merged"),
        CheckConstraint("joined_source IN ('till', 'app', 'import', 'api')", name="joined_source"),
        Index("ix_member_created", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    status: Mapped[str] = mapped_column(code(12))
    first_name: Mapped[str | None] = mapped_column(String(80))
    last_name: Mapped[str | None] = mapped_column(String(80))
    birthday: Mapped[date | None] = mapped_column(Date)
    locale: Mapped[str | None] = mapped_column(code(8))
    zone: Mapped[str | None] = mapped_column(String(64))
    attributes: Mapped[dict[str, Any]] = mapped_column(Json)
    merged_into_id: Mapped[str | None] = mapped_column(Id, ForeignKey("member.id"))
    joined_source: Mapped[str] = mapped_column(code(12))
    joined_location_id: Mapped[str | None] = mapped_column(Id, ForeignKey("location.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class MemberIdentifierRow(Base):
    """A phone number, an e-mail address or another system's id, each of which names one member.

    The value is sealed; it is found by a keyed hash (`value_index`) and shown by its `hint`.
    `issuer` is the partner whose id it is, or empty for the programme's own.
    """

    __tablename__ = "member_identifier"
    __table_args__ = (
        UniqueConstraint("kind", "value_index", "issuer"),
        CheckConstraint("kind IN ('phone', 'email', 'external')", name="kind"),
        Index("ix_member_identifier_member", "member_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    kind: Mapped[str] = mapped_column(code(12))
    issuer: Mapped[str] = mapped_column(Id)
    value_index: Mapped[str] = mapped_column(code(64))
    value_sealed: Mapped[str] = mapped_column(Text)
    hint: Mapped[str] = mapped_column(String(120))
    verified_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


MEMBER = table_of(MemberRow)
MEMBER_IDENTIFIER = table_of(MemberIdentifierRow)
