"""The table of plays."""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of


class GamePlayRow(Base):
    """A play with its one outcome; never updated."""

    __tablename__ = "game_play"
    __table_args__ = (
        UniqueConstraint("member_id", "game_id", "number"),
        UniqueConstraint("member_id", "game_id", "nonce_hash"),
        CheckConstraint("number >= 1 AND losses_before >= 0", name="number"),
        CheckConstraint("outcome IN ('lost', 'prize', 'points')", name="outcome"),
        CheckConstraint("(outcome = 'lost') = (prize_key IS NULL)", name="prize"),
        CheckConstraint("(outcome = 'lost') = (grant_id IS NULL)", name="grant"),
        CheckConstraint("(source = 'credit') = (credit_id IS NOT NULL)", name="credit"),
        CheckConstraint(
            "(source = 'points') = (transfer_id IS NOT NULL)"
            " AND (source = 'points') = (price_points > 0)",
            name="paid",
        ),
        CheckConstraint("source IN ('free', 'credit', 'points')", name="source"),
        Index("ix_game_play_edition", "edition_id", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    game_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"))
    edition_id: Mapped[str] = mapped_column(Id, ForeignKey("game_edition.id"))
    version: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    nonce_hash: Mapped[str] = mapped_column(code(64))
    losses_before: Mapped[int] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(code(8))
    credit_id: Mapped[str | None] = mapped_column(Id, ForeignKey("play_credit.id"))
    price_points: Mapped[int] = mapped_column(Amount)
    transfer_id: Mapped[str | None] = mapped_column(Id, ForeignKey("transfer.id"))
    outcome: Mapped[str] = mapped_column(code(8))
    prize_key: Mapped[str | None] = mapped_column(code(40))
    grant_id: Mapped[str | None] = mapped_column(Id, ForeignKey("benefit_grant.id"))
    is_forced: Mapped[bool] = mapped_column(Boolean)
    played_at: Mapped[datetime] = mapped_column(UTCDateTime)


GAME_PLAY = table_of(GamePlayRow)
