"""Tables of messages: the inbox, what is on its way, what members chose, and announcements."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, Json, UTCDateTime, code
from server.core.db import Base, table_of

_UNREAD = text("read_at IS NULL AND is_silent = false")
_OPEN = text("state IN ('queued', 'sending')")


class MessageRow(Base):
    """One thing that a member is told, in the words in which it was told. It is in the inbox from
    `shown_at`; a silent one is only a hint for the app.

    `source` is what it was made of, an event or an announcement: for a member once.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("member_id", "source"),
        CheckConstraint(
            "category IN ('service', 'progress', 'reminders', 'offers', 'news')", name="category"
        ),
        CheckConstraint("expires_at > shown_at", name="expires"),
        Index("ix_message_inbox", "member_id", "shown_at", "id"),
        Index("ix_message_unread", "member_id", postgresql_where=_UNREAD, sqlite_where=_UNREAD),
        Index("ix_message_shown", "shown_at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    source: Mapped[str] = mapped_column(code(96))
    type: Mapped[str] = mapped_column(code(40))
    category: Mapped[str] = mapped_column(code(12))
    is_silent: Mapped[bool]
    locale: Mapped[str] = mapped_column(code(8))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(String(400))
    path: Mapped[str] = mapped_column(String(200))
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    campaign_id: Mapped[str | None] = mapped_column(Id)
    variant: Mapped[str | None] = mapped_column(code(20))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    shown_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    dismissed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class DeliveryRow(Base):
    """A message on its way over one channel.

    `cleared_at` is when the rules let it go, just before `sender` was given it; caps count by it.
    A worker holds it until its lease ends. `why` says why one was dropped, `bundle_id` in which
    other delivery one went along.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("message_id", "channel"),
        CheckConstraint("channel IN ('push', 'email')", name="channel"),
        CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'bundled', 'dropped', 'failed')", name="state"
        ),
        CheckConstraint("(state = 'dropped') = (why IS NOT NULL)", name="why"),
        CheckConstraint("(state = 'bundled') = (bundle_id IS NOT NULL)", name="bundled"),
        Index("ix_delivery_due", "due_at", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_delivery_member", "member_id", "cleared_at"),
        Index("ix_delivery_bundle", "bundle_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    message_id: Mapped[str] = mapped_column(Id, ForeignKey("message.id"))
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    channel: Mapped[str] = mapped_column(code(8))
    state: Mapped[str] = mapped_column(code(12))
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    lease_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cleared_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sender: Mapped[str | None] = mapped_column(code(12))
    why: Mapped[str | None] = mapped_column(code(12))
    bundle_id: Mapped[str | None] = mapped_column(Id)
    last_error: Mapped[str | None] = mapped_column(String(200))


class MessagePreferenceRow(Base):
    """What a member has chosen; `choices` has only what differs from the programme."""

    __tablename__ = "message_preference"
    __table_args__ = (
        CheckConstraint("(quiet_from_minute IS NULL) = (quiet_to_minute IS NULL)", name="quiet"),
    )

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    choices: Mapped[dict[str, Any]] = mapped_column(Json)
    quiet_from_minute: Mapped[int | None] = mapped_column(SmallInteger)
    quiet_to_minute: Mapped[int | None] = mapped_column(SmallInteger)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class AnnouncementRunRow(Base):
    """How far an announcement has come through the members."""

    __tablename__ = "announcement_run"

    announcement_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"), primary_key=True)
    after_id: Mapped[str] = mapped_column(Id)
    looked: Mapped[int] = mapped_column(Integer)
    made: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


MESSAGE = table_of(MessageRow)
DELIVERY = table_of(DeliveryRow)
MESSAGE_PREFERENCE = table_of(MessagePreferenceRow)
ANNOUNCEMENT_RUN = table_of(AnnouncementRunRow)
