"""Tables of sealed and drawn raffles: what was sealed, the round, what is void, who won."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
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

# One in four: by consolation prizes for a quarter of the others, or by four tickets a prize.
_QUARTER = (
    "policy = 'capped' OR 4 * consolations >= entrants - main_prizes OR main_prizes >= entrants"
)
_KEPT = text("state IN ('won', 'claimed', 'given')")
_OF_MAIN = "(draw = 'main') = (prize_place IS NOT NULL AND ticket IS NOT NULL)"
_DEADLINE = "claim_by_at IS NOT NULL OR draw = 'second'"


class RaffleSealRow(Base):
    """A raffle as it was sealed: the signed manifest. Written once, never changed.

    `ledger_checkpoint` is the root of the checkpoint that was taken with it.
    """

    __tablename__ = "raffle_seal"
    __table_args__ = (
        CheckConstraint("policy IN ('second_chance', 'capped')", name="policy"),
        CheckConstraint(_QUARTER, name="quarter"),
        CheckConstraint("policy <> 'capped' OR tickets <= 4 * main_prizes", name="capped"),
        CheckConstraint("entrants > 0 AND tickets >= entrants", name="counts"),
    )

    raffle_id: Mapped[str] = mapped_column(Id, ForeignKey("raffle.id"), primary_key=True)
    policy: Mapped[str] = mapped_column(code(20))
    rules_hash: Mapped[str] = mapped_column(code(64))
    entrants: Mapped[int] = mapped_column(Amount)
    tickets: Mapped[int] = mapped_column(Amount)
    main_prizes: Mapped[int] = mapped_column(Amount)
    consolations: Mapped[int] = mapped_column(Amount)
    pool_root: Mapped[str] = mapped_column(code(64))
    ledger_checkpoint: Mapped[str] = mapped_column(code(64))
    chain_hash: Mapped[str] = mapped_column(code(64))
    round: Mapped[int] = mapped_column(BigInteger)
    public_key: Mapped[str] = mapped_column(code(64))
    signature: Mapped[str] = mapped_column(code(128))
    sealed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RaffleVoidRow(Base):
    """A ticket or an entrant (`ref`) that stays in the sealed list and is skipped by the draw."""

    __tablename__ = "raffle_void"
    __table_args__ = (CheckConstraint("scope IN ('ticket', 'entrant')", name="scope"),)

    raffle_id: Mapped[str] = mapped_column(
        Id, ForeignKey("raffle_seal.raffle_id"), primary_key=True
    )
    scope: Mapped[str] = mapped_column(code(12), primary_key=True)
    ref: Mapped[str] = mapped_column(code(64), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(code(80))
    voided_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RaffleDrawRow(Base):
    """The draw of a raffle: its round and seed. There is one, and it never changes.

    `void_key` and `void_signature` sign the void list that it skipped; null when that is empty.
    Entrants up to `told_up_to` (their ids in order) have been told; all of them at `told_at`.
    """

    __tablename__ = "raffle_draw"
    __table_args__ = (
        CheckConstraint("(void_key IS NULL) = (void_signature IS NULL)", name="void_signature"),
    )

    raffle_id: Mapped[str] = mapped_column(
        Id, ForeignKey("raffle_seal.raffle_id"), primary_key=True
    )
    source: Mapped[str] = mapped_column(code(12))
    signature: Mapped[str] = mapped_column(code(128))
    randomness: Mapped[str] = mapped_column(code(64))
    seed: Mapped[str] = mapped_column(code(64))
    void_key: Mapped[str | None] = mapped_column(code(64))
    void_signature: Mapped[str | None] = mapped_column(code(128))
    told_up_to: Mapped[str] = mapped_column(Id)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    drawn_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RaffleWinRow(Base):
    """A prize that somebody won: a place in the order of the main draw or of the second chance.

    `prize_place` is the main prize (1 is the first); an alternate has a later `place` and the
    prize of whoever lost it. `ref_id` is the voucher or grant that it became.
    """

    __tablename__ = "raffle_win"
    __table_args__ = (
        UniqueConstraint("raffle_id", "draw", "place"),
        UniqueConstraint("raffle_id", "draw", "member_id"),
        CheckConstraint("draw IN ('main', 'second')", name="draw"),
        CheckConstraint("state IN ('won', 'claimed', 'given', 'lapsed', 'void')", name="state"),
        CheckConstraint("place > 0", name="place"),
        CheckConstraint(_OF_MAIN, name="main"),
        CheckConstraint(_DEADLINE, name="claim_by"),
        CheckConstraint("(state IN ('won', 'claimed')) = (ended_at IS NULL)", name="ended_at"),
        Index(
            "uq_raffle_win_prize",
            "raffle_id",
            "prize_place",
            unique=True,
            postgresql_where=_KEPT,
            sqlite_where=_KEPT,
        ),
        Index("ix_raffle_win_member", "member_id", "won_at", "id"),
        Index(
            "ix_raffle_win_open",
            "state",
            "claim_by_at",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    raffle_id: Mapped[str] = mapped_column(Id, ForeignKey("raffle_draw.raffle_id"))
    draw: Mapped[str] = mapped_column(code(12))
    place: Mapped[int] = mapped_column(Integer)
    ticket: Mapped[str | None] = mapped_column(code(32))
    entrant: Mapped[str] = mapped_column(code(64))
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    prize_place: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(code(12))
    why: Mapped[str] = mapped_column(Text)
    ref_id: Mapped[str | None] = mapped_column(Id)
    warned_hours: Mapped[int] = mapped_column(Integer)
    won_at: Mapped[datetime] = mapped_column(UTCDateTime)
    claim_by_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


RAFFLE_SEAL = table_of(RaffleSealRow)
RAFFLE_VOID = table_of(RaffleVoidRow)
RAFFLE_DRAW = table_of(RaffleDrawRow)
RAFFLE_WIN = table_of(RaffleWinRow)
