"""Tables of the ledger. Every hot table can be reached by `member_id`."""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of

_OPEN = text("remaining > 0")
_PENDING = text("is_pending AND remaining > 0")
_IDLING = text("idle_at IS NOT NULL")
_HELD = text("state = 'held'")
_REVERSAL = text("reverses_id IS NOT NULL")


class WalletRow(Base):
    """A member's balance in one unit; the row that is locked before anything moves.

    At `idle_at` what is available expires for want of a purchase, whatever the lots' own dates;
    `idled_at` is when that happened last.
    """

    __tablename__ = "wallet"
    __table_args__ = (
        UniqueConstraint("member_id", "unit"),
        CheckConstraint("available >= 0", name="available"),
        CheckConstraint("pending >= 0", name="pending"),
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("debt >= 0", name="debt"),
        Index("ix_wallet_idle", "idle_at", postgresql_where=_IDLING, sqlite_where=_IDLING),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    unit: Mapped[str] = mapped_column(code(20))
    available: Mapped[int] = mapped_column(Amount, default=0)
    pending: Mapped[int] = mapped_column(Amount, default=0)
    held: Mapped[int] = mapped_column(Amount, default=0)
    debt: Mapped[int] = mapped_column(Amount, default=0)
    lifetime_earned: Mapped[int] = mapped_column(Amount, default=0)
    version: Mapped[int] = mapped_column(Amount, default=0)
    head_hash: Mapped[str] = mapped_column(code(64), default="")
    idle_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    idled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class TransferRow(Base):
    """One immutable movement between an account of a wallet and another account.

    A trigger refuses every update and delete. `wallet_version` counts 1, 2, 3 … per wallet and
    `hash` chains each row to the one before (see `chain.py`).
    """

    __tablename__ = "transfer"
    __table_args__ = (
        UniqueConstraint("wallet_id", "wallet_version"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("debit_account <> credit_account", name="accounts"),
        CheckConstraint("balance_after >= 0", name="balance_after"),
        Index("ix_transfer_ref", "ref_id"),
        Index(
            "ix_transfer_reverses",
            "reverses_id",
            postgresql_where=_REVERSAL,
            sqlite_where=_REVERSAL,
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    wallet_id: Mapped[str] = mapped_column(Id, ForeignKey("wallet.id"))
    wallet_version: Mapped[int] = mapped_column(Amount)
    unit: Mapped[str] = mapped_column(code(20))
    kind: Mapped[str] = mapped_column(code(20))
    debit_account: Mapped[str] = mapped_column(code(40))
    credit_account: Mapped[str] = mapped_column(code(40))
    amount: Mapped[int] = mapped_column(Amount)
    ref_kind: Mapped[str] = mapped_column(code(20))
    ref_id: Mapped[str] = mapped_column(code(64))
    reverses_id: Mapped[str | None] = mapped_column(Id)
    actor: Mapped[str] = mapped_column(code(64))
    occurred_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    balance_after: Mapped[int] = mapped_column(Amount)
    note_hash: Mapped[str | None] = mapped_column(code(64))
    prev_hash: Mapped[str] = mapped_column(code(64))
    hash: Mapped[str] = mapped_column(code(64))


class TransferNoteRow(Base):
    """The free text of a transfer, apart from the ledger so that it can be erased."""

    __tablename__ = "transfer_note"

    transfer_id: Mapped[str] = mapped_column(Id, ForeignKey("transfer.id"), primary_key=True)
    salt: Mapped[str] = mapped_column(code(32))
    text: Mapped[str] = mapped_column(String(500))


class LotRow(Base):
    """Points earned together, with one expiry; soonest expiry is spent first.

    When a change of the programme's policies moved the expiry, `redated_at` says when and
    `first_expires_at` what it was at first (that date is under the hash of the opening transfer).

    `replaces_id` is set on a grace lot: points that came back after that lot had expired.
    """

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("remaining >= 0 AND remaining <= amount", name="remaining"),
        Index("ix_lot_open", "wallet_id", "expires_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_lot_expiring", "expires_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index(
            "ix_lot_pending",
            "wallet_id",
            "available_at",
            postgresql_where=_PENDING,
            sqlite_where=_PENDING,
        ),
        Index(
            "ix_lot_maturing",
            "available_at",
            postgresql_where=_PENDING,
            sqlite_where=_PENDING,
        ),
        Index("ix_lot_source", "source_transfer_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    wallet_id: Mapped[str] = mapped_column(Id, ForeignKey("wallet.id"))
    source_transfer_id: Mapped[str] = mapped_column(Id)
    amount: Mapped[int] = mapped_column(Amount)
    remaining: Mapped[int] = mapped_column(Amount)
    is_pending: Mapped[bool] = mapped_column(Boolean, default=False)
    earned_at: Mapped[datetime] = mapped_column(UTCDateTime)
    available_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    replaces_id: Mapped[str | None] = mapped_column(Id)
    redated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    first_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class LotDrawRow(Base):
    """How much a transfer took from a lot; negative when it gave back."""

    __tablename__ = "lot_draw"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_lot_draw_lot", "lot_id"),
    )

    transfer_id: Mapped[str] = mapped_column(Id, primary_key=True)
    lot_id: Mapped[str] = mapped_column(Id, ForeignKey("lot.id"), primary_key=True)
    amount: Mapped[int] = mapped_column(Amount)


class HoldRow(Base):
    """Points set aside; resolves exactly once."""

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("captured >= 0 AND captured <= amount", name="captured"),
        Index("ix_hold_lapsing", "lapses_at", postgresql_where=_HELD, sqlite_where=_HELD),
        Index("ix_hold_wallet", "wallet_id", postgresql_where=_HELD, sqlite_where=_HELD),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    wallet_id: Mapped[str] = mapped_column(Id, ForeignKey("wallet.id"))
    transfer_id: Mapped[str] = mapped_column(Id)
    amount: Mapped[int] = mapped_column(Amount)
    captured: Mapped[int] = mapped_column(Amount, default=0)
    state: Mapped[str] = mapped_column(code(12))
    purpose: Mapped[str] = mapped_column(code(40))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lapses_at: Mapped[datetime] = mapped_column(UTCDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


WALLET = table_of(WalletRow)
TRANSFER = table_of(TransferRow)
TRANSFER_NOTE = table_of(TransferNoteRow)
LOT = table_of(LotRow)
LOT_DRAW = table_of(LotDrawRow)
HOLD = table_of(HoldRow)
