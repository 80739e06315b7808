"""Tables of games: editions with their seeds, the stock of prizes, players, and plays given."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of


class GameEditionRow(Base):
    """A published version of a game: the sealed seed, its hash, and the seed when it is over."""

    __tablename__ = "game_edition"
    __table_args__ = (
        UniqueConstraint("game_id", "version"),
        CheckConstraint("(ended_at IS NULL) = (seed IS NULL)", name="ended"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    game_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"))
    version: Mapped[int] = mapped_column(Integer)
    seed_sealed: Mapped[str] = mapped_column(Text)
    seed_hash: Mapped[str] = mapped_column(code(64))
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seed: Mapped[str | None] = mapped_column(code(64))


class GameStockRow(Base):
    """The counted stock of a prize in one edition; the hot row of the last piece.

    `in_period` were given in the period of its pacing that began at `period_at`.
    """

    __tablename__ = "game_stock"
    __table_args__ = (
        CheckConstraint("given >= 0 AND given <= total", name="given"),
        CheckConstraint("in_period >= 0 AND in_period <= given", name="in_period"),
    )

    edition_id: Mapped[str] = mapped_column(Id, ForeignKey("game_edition.id"), primary_key=True)
    prize_key: Mapped[str] = mapped_column(code(40), primary_key=True)
    total: Mapped[int] = mapped_column(Amount)
    given: Mapped[int] = mapped_column(Amount)
    in_period: Mapped[int] = mapped_column(Amount)
    period_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class GamePlayerRow(Base):
    """A member in a game; written only under the lock of the member's points wallet.

    `entrant` stands for the member in the public proof, `number` counts the plays, `losses` those
    lost since the last win, the rest what was played on `day_on`. `forced` is what a sandbox wants
    of the next play.
    """

    __tablename__ = "game_player"
    __table_args__ = (
        CheckConstraint("number >= 0 AND losses >= 0 AND losses <= number", name="number"),
        CheckConstraint("free_used >= 0 AND day_plays >= free_used", name="day"),
    )

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    game_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"), primary_key=True)
    entrant: Mapped[str] = mapped_column(code(32), unique=True)
    number: Mapped[int] = mapped_column(Integer)
    losses: Mapped[int] = mapped_column(Integer)
    day_on: Mapped[date | None] = mapped_column(Date)
    day_plays: Mapped[int] = mapped_column(Integer)
    free_used: Mapped[int] = mapped_column(Integer)
    forced: Mapped[str | None] = mapped_column(code(40))


class PlayCreditRow(Base):
    """Plays that a member was given: what is left of them, and where the others went."""

    __tablename__ = "play_credit"
    __table_args__ = (
        CheckConstraint("amount = plays_left + used + taken + lapsed", name="amount"),
        CheckConstraint(
            "plays_left >= 0 AND used >= 0 AND taken >= 0 AND lapsed >= 0", name="parts"
        ),
        Index("ix_play_credit_member", "member_id", "game_id"),
        Index(
            "ix_play_credit_due",
            "expires_at",
            postgresql_where=text("plays_left > 0"),
            sqlite_where=text("plays_left > 0"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    game_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"))
    grant_id: Mapped[str] = mapped_column(Id)
    amount: Mapped[int] = mapped_column(Integer)
    plays_left: Mapped[int] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer)
    taken: Mapped[int] = mapped_column(Integer)
    lapsed: Mapped[int] = mapped_column(Integer)
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


GAME_EDITION = table_of(GameEditionRow)
GAME_STOCK = table_of(GameStockRow)
GAME_PLAYER = table_of(GamePlayerRow)
PLAY_CREDIT = table_of(PlayCreditRow)
