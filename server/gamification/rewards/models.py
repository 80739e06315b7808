"""Tables of rewards: counted stock, and wishes."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime
from server.core.db import Base, table_of

_UNTOLD = text("told_at IS NULL")


class RewardStockRow(Base):
    """The counted stock of a reward; the hot row of the last unit. `version` is the reward's."""

    __tablename__ = "reward_stock"
    __table_args__ = (
        CheckConstraint("reserved >= 0", name="reserved"),
        CheckConstraint("sold >= 0", name="sold"),
        CheckConstraint("reserved + sold <= total", name="total"),
    )

    reward_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Amount)
    reserved: Mapped[int] = mapped_column(Amount)
    sold: Mapped[int] = mapped_column(Amount)


class RewardWishRow(Base):
    """A member waits for a reward; `told_at` is when it was said that there is enough for it."""

    __tablename__ = "reward_wish"
    __table_args__ = (
        Index(
            "ix_reward_wish_untold",
            "reward_id",
            "member_id",
            postgresql_where=_UNTOLD,
            sqlite_where=_UNTOLD,
        ),
    )

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    reward_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"), primary_key=True)
    wished_at: Mapped[datetime] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


REWARD_STOCK = table_of(RewardStockRow)
REWARD_WISH = table_of(RewardWishRow)
