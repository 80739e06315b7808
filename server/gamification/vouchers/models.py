"""Tables of vouchers: what was paid for them, how they were used, and pools of codes."""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of

_ACTIVE = text("state = 'active'")
_FREE = text("voucher_id IS NULL")
_STANDING = text("undone_at IS NULL")
_STATES = "state IN ('active', 'used', 'cancelled', 'withdrawn', 'expired')"
_STOCKS = "stock IN ('none', 'reserved', 'sold', 'returned')"
# A price that was taken at once keeps its piece sold; else stock goes with the state.
_STOCK_FITS = (
    "stock = 'none' OR (is_settled AND stock = 'sold')"
    " OR (NOT is_settled AND ((state = 'active' AND stock = 'reserved')"
    " OR (state = 'used' AND stock = 'sold')"
    " OR (state IN ('cancelled', 'withdrawn', 'expired') AND stock = 'returned')))"
)
_STEPS = "fulfilment IN ('ordered', 'prepared', 'ready', 'sent', 'received')"


class VoucherRow(Base):
    """One voucher of a member. `ref_kind` and `ref_id` say for what it was given.

    Of the code only the part is stored by which the voucher is found; see `codes.py`.
    """

    __tablename__ = "voucher"
    __table_args__ = (
        CheckConstraint(_STATES, name="state"),
        CheckConstraint(_STOCKS, name="stock"),
        CheckConstraint(_STOCK_FITS, name="stock_fits"),
        CheckConstraint(_STEPS, name="fulfilment"),
        CheckConstraint("(state = 'active') = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("money_minor >= 0", name="money_minor"),
        Index("ix_voucher_locator", "locator"),
        Index("ix_voucher_member", "member_id", "created_at", "id"),
        Index("ix_voucher_taken", "member_id", "reward_id"),
        Index("ix_voucher_due", "expires_at", postgresql_where=_ACTIVE, sqlite_where=_ACTIVE),
        Index("ix_voucher_ref", "ref_id"),
    )

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    reward_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"))
    reward_version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(code(12))
    stock: Mapped[str] = mapped_column(code(12))
    is_settled: Mapped[bool] = mapped_column(Boolean)
    money_minor: Mapped[int] = mapped_column(Amount)
    fulfilment: Mapped[str | None] = mapped_column(code(12))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    locator: Mapped[str | None] = mapped_column(code(5))
    ref_kind: Mapped[str] = mapped_column(code(20))
    ref_id: Mapped[str] = mapped_column(code(64))


class VoucherPriceRow(Base):
    """What was paid for a voucher in one unit: held until it is used, or spent at once."""

    __tablename__ = "voucher_price"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("hold_id IS NOT NULL OR transfer_id IS NOT NULL", name="moved"),
        UniqueConstraint("hold_id"),
    )

    voucher_id: Mapped[str] = mapped_column(Id, ForeignKey("voucher.id"), primary_key=True)
    unit: Mapped[str] = mapped_column(code(20), primary_key=True)
    amount: Mapped[int] = mapped_column(Amount)
    hold_id: Mapped[str | None] = mapped_column(Id, ForeignKey("hold.id"))
    transfer_id: Mapped[str | None] = mapped_column(Id)


class VoucherUseRow(Base):
    """One use of a voucher at a till; at most one that was not undone."""

    __tablename__ = "voucher_use"
    __table_args__ = (
        Index(
            "uq_voucher_use_standing",
            "voucher_id",
            unique=True,
            postgresql_where=_STANDING,
            sqlite_where=_STANDING,
        ),
        CheckConstraint("undone_at >= used_at", name="undone_at"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone_by"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    voucher_id: Mapped[str] = mapped_column(Id, ForeignKey("voucher.id"))
    location_id: Mapped[str | None] = mapped_column(Id)
    actor: Mapped[str] = mapped_column(code(80))
    external_id: Mapped[str | None] = mapped_column(code(100))
    used_at: Mapped[datetime] = mapped_column(UTCDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_by: Mapped[str | None] = mapped_column(code(80))


class RewardCodeRow(Base):
    """An uploaded code of a reward; given to one voucher, once."""

    __tablename__ = "reward_code"
    __table_args__ = (
        UniqueConstraint("code_hash"),
        UniqueConstraint("voucher_id"),
        CheckConstraint("(voucher_id IS NULL) = (taken_at IS NULL)", name="taken_at"),
        Index(
            "ix_reward_code_free",
            "reward_id",
            "id",
            postgresql_where=_FREE,
            sqlite_where=_FREE,
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    reward_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"))
    code_hash: Mapped[str] = mapped_column(code(64))
    code_sealed: Mapped[str] = mapped_column(code(400))
    voucher_id: Mapped[str | None] = mapped_column(Id)
    uploaded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


VOUCHER = table_of(VoucherRow)
VOUCHER_PRICE = table_of(VoucherPriceRow)
VOUCHER_USE = table_of(VoucherUseRow)
REWARD_CODE = table_of(RewardCodeRow)
