"""The table of mails. Address and text are sealed: they are personal data."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, UTCDateTime, code
from server.core.db import Base, table_of

_QUEUED = text("state = 'queued'")


class MailRow(Base):
    """One mail: waiting, sent, kept here because no mail server is configured, or given up."""

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'kept', 'failed')", name="state"),
        Index("ix_mail_due", "due_at", "id", postgresql_where=_QUEUED, sqlite_where=_QUEUED),
        Index("ix_mail_created", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    to_sealed: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(200))
    body_sealed: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(code(8))
    attempts: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(String(200))


MAIL = table_of(MailRow)
