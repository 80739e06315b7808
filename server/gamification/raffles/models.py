"""Tables of raffles: how far each is, and its main prizes."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, Json, UTCDateTime, code
from server.core.db import Base, table_of

_STATES = "state IN ('published', 'selling', 'sealed', 'drawn', 'closed', 'cancelled')"
# One in four, whoever enters: these hold at every moment and not only when the raffle is sealed.
_SECOND_CHANCE = (
    "policy <> 'second_chance' OR 4 * consolations >= entrants - prizes OR prizes >= entrants"
)
_CAPPED = "policy <> 'capped' OR (consolations = 0 AND tickets <= 4 * prizes)"


class RaffleRow(Base):
    """How far a raffle is; the row whose counters are changed by each ticket.

    `id` is that of the definition. `rules` are the bytes whose SHA-256 is `rules_hash`: they are
    frozen when the raffle is published; from `entered_at`, when the first ticket was had, nothing
    of it can change. `consolations` is the announced number of consolation
    prizes, which never falls. The key of the pseudonyms protects the published list of entrants
    and nothing in this database, where tickets name their members.
    """

    __tablename__ = "raffle"
    __table_args__ = (
        CheckConstraint(_STATES, name="state"),
        CheckConstraint("policy IN ('second_chance', 'capped')", name="policy"),
        CheckConstraint(_SECOND_CHANCE, name="second_chance"),
        CheckConstraint(_CAPPED, name="capped"),
        CheckConstraint("entrants >= 0 AND entrants <= entrants_max", name="entrants"),
        CheckConstraint("tickets >= entrants AND tickets <= entrants * cap", name="tickets"),
        CheckConstraint("opens_at < closes_at AND closes_at < draws_at", name="dates"),
        CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled"),
        CheckConstraint(
            "(state IN ('sealed', 'drawn', 'closed')) = (sealed_at IS NOT NULL)", name="sealed"
        ),
        CheckConstraint("(state IN ('drawn', 'closed')) = (drawn_at IS NOT NULL)", name="drawn"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        Index("ix_raffle_state", "state", "closes_at"),
    )

    id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(code(12))
    policy: Mapped[str] = mapped_column(code(20))
    opens_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closes_at: Mapped[datetime] = mapped_column(UTCDateTime)
    draws_at: Mapped[datetime] = mapped_column(UTCDateTime)
    source: Mapped[str] = mapped_column(code(12))
    chain_hash: Mapped[str] = mapped_column(code(64))
    round: Mapped[int] = mapped_column(BigInteger)
    rules: Mapped[str] = mapped_column(Text)
    rules_hash: Mapped[str] = mapped_column(code(64))
    pseudonym_key: Mapped[str] = mapped_column(code(64))
    prizes: Mapped[int] = mapped_column(Amount)
    cap: Mapped[int] = mapped_column(Integer)
    entrants_min: Mapped[int] = mapped_column(Amount)
    entrants_max: Mapped[int] = mapped_column(Amount)
    entrants: Mapped[int] = mapped_column(Amount)
    tickets: Mapped[int] = mapped_column(Amount)
    consolations: Mapped[int] = mapped_column(Amount)
    published_at: Mapped[datetime] = mapped_column(UTCDateTime)
    entered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    told_closing_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sealed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    drawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RafflePrizeRow(Base):
    """A kind of main prize of a raffle: `quantity` places in the draw, `first_place` on.

    Of a reward of the catalogue `reserved` pieces are set aside in its stock until they are won.
    """

    __tablename__ = "raffle_prize"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND first_place > 0", name="quantity"),
        CheckConstraint("reserved >= 0 AND reserved <= quantity", name="reserved"),
        CheckConstraint("reward_id IS NOT NULL OR reserved = 0", name="reward"),
    )

    raffle_id: Mapped[str] = mapped_column(Id, ForeignKey("raffle.id"), primary_key=True)
    first_place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    quantity: Mapped[int] = mapped_column(Integer)
    names: Mapped[dict[str, Any]] = mapped_column(Json)
    value_minor: Mapped[int] = mapped_column(Amount)
    reward_id: Mapped[str | None] = mapped_column(Id, ForeignKey("definition.id"))
    reward_version: Mapped[int] = mapped_column(Integer)
    reserved: Mapped[int] = mapped_column(Integer)


RAFFLE = table_of(RaffleRow)
RAFFLE_PRIZE = table_of(RafflePrizeRow)
