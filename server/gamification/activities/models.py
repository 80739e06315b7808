"""Tables of activities."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, Json, UTCDateTime, code
from server.core.db import Base, table_of

_AWAITED = text("confirm_by_at IS NOT NULL AND confirmed_at IS NULL")


class ActivityRow(Base):
    """A reported fact with the outcome it had. The natural key lives for ever.

    The points of a purchase with `confirm_by_at` are pending until `confirmed_at`; without that it
    is cancelled.
    """

    __tablename__ = "activity"
    __table_args__ = (
        UniqueConstraint("source", "external_id", "kind"),
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("clawed_back >= 0", name="clawed_back"),
        CheckConstraint("restored >= 0", name="restored"),
        Index("ix_activity_member", "member_id", "occurred_at", "id"),
        Index(
            "ix_activity_unconfirmed",
            "confirm_by_at",
            postgresql_where=_AWAITED,
            sqlite_where=_AWAITED,
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    kind: Mapped[str] = mapped_column(code(20))
    source: Mapped[str] = mapped_column(code(64))
    external_id: Mapped[str] = mapped_column(code(128))
    state: Mapped[str] = mapped_column(code(20))
    occurred_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    location_id: Mapped[str | None] = mapped_column(Id, ForeignKey("location.id"))
    actor: Mapped[str] = mapped_column(code(64))
    amount_minor: Mapped[int] = mapped_column(Amount)
    currency_code: Mapped[str] = mapped_column(code(3))
    points: Mapped[int] = mapped_column(Amount)
    trace: Mapped[dict[str, Any]] = mapped_column(Json)
    returned: Mapped[dict[str, Any] | None] = mapped_column(Json)
    clawed_back: Mapped[int] = mapped_column(Amount, default=0)
    restored: Mapped[int] = mapped_column(Amount, default=0)
    confirm_by_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ActivityReturnRow(Base):
    """One return or the cancellation of a purchase; its natural key repeats the first answer.

    `claimed` is what of a forgiven shortfall was taken later, from points that came back, and
    `points_claimed` what this return took so for earlier ones.
    """

    __tablename__ = "activity_return"
    __table_args__ = (UniqueConstraint("activity_id", "external_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    activity_id: Mapped[str] = mapped_column(Id, ForeignKey("activity.id"))
    external_id: Mapped[str] = mapped_column(code(128))
    amount_minor: Mapped[int] = mapped_column(Amount)
    points_taken: Mapped[int] = mapped_column(Amount)
    points_restored: Mapped[int] = mapped_column(Amount)
    shortfall: Mapped[int] = mapped_column(Amount)
    claimed: Mapped[int] = mapped_column(Amount, default=0, server_default="0")
    points_claimed: Mapped[int] = mapped_column(Amount, default=0, server_default="0")
    policy: Mapped[str] = mapped_column(code(12))
    cash_value_minor: Mapped[int] = mapped_column(Amount)
    state_after: Mapped[str] = mapped_column(code(20))
    request: Mapped[dict[str, Any]] = mapped_column(Json)
    actor: Mapped[str] = mapped_column(code(64))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)


ACTIVITY = table_of(ActivityRow)
ACTIVITY_RETURN = table_of(ActivityReturnRow)
