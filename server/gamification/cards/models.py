"""Tables of cards and spoken codes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, UTCDateTime, code
from server.core.db import Base, table_of

_ACTIVE = text("state = 'active'")


class CardRow(Base):
    """A card, on paper or on a phone; a member has at most one active card.

    `qr_secret_sealed` is the master from which the rotating code's secrets are derived and
    `last_used_step` the newest rotating code that was spent with.
    """

    __tablename__ = "card"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'blocked', 'replaced')", name="state"),
        CheckConstraint("(state = 'active') = (ended_at IS NULL)", name="ended"),
        Index(
            "uq_card_active_member",
            "member_id",
            unique=True,
            postgresql_where=_ACTIVE,
            sqlite_where=_ACTIVE,
        ),
        Index("ix_card_member", "member_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    number: Mapped[str] = mapped_column(code(13), unique=True)
    state: Mapped[str] = mapped_column(code(12))
    qr_secret_sealed: Mapped[str] = mapped_column(Text)
    last_used_step: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SpokenCodeRow(Base):
    """A few characters that a member can say aloud, for two minutes."""

    __tablename__ = "spoken_code"
    __table_args__ = (Index("ix_spoken_code_member", "member_id"),)

    code: Mapped[str] = mapped_column(code(8), primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


CARD = table_of(CardRow)
SPOKEN_CODE = table_of(SpokenCodeRow)
