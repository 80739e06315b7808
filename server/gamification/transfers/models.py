"""The table of what members gave each other."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of


class MemberTransferRow(Base):
    """Points that one member gave another; the ledger's movements refer to it."""

    __tablename__ = "member_transfer"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("sender_id <> recipient_id", name="two"),
        Index("ix_member_transfer_sender", "sender_id", "created_at", "id"),
        Index("ix_member_transfer_recipient", "recipient_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    sender_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    recipient_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    unit: Mapped[str] = mapped_column(code(20))
    amount: Mapped[int] = mapped_column(Amount)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


MEMBER_TRANSFER = table_of(MemberTransferRow)
