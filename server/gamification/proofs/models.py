"""Tables of proofs."""

from datetime import datetime

from sqlalchemy import Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of


class CheckpointRow(Base):
    """A signed Merkle root over the heads of all wallets at one moment."""

    __tablename__ = "checkpoint"
    __table_args__ = (UniqueConstraint("number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    taken_at: Mapped[datetime] = mapped_column(UTCDateTime)
    wallets: Mapped[int] = mapped_column(Integer)
    root: Mapped[str] = mapped_column(code(64))
    previous_root: Mapped[str] = mapped_column(code(64))
    public_key: Mapped[str] = mapped_column(code(64))
    signature: Mapped[str] = mapped_column(code(128))


class CheckpointHeadRow(Base):
    """The head of a wallet that had moved since the checkpoint before.

    The state at checkpoint `number` is, for each wallet, its newest row up to that number. There
    are no foreign keys on purpose: the row has to outlive a wallet that somebody removes.
    """

    __tablename__ = "checkpoint_head"
    __table_args__ = (Index("ix_checkpoint_head_number", "number"),)

    wallet_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(Amount, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer)
    head_hash: Mapped[str] = mapped_column(code(64))


CHECKPOINT = table_of(CheckpointRow)
CHECKPOINT_HEAD = table_of(CheckpointHeadRow)
