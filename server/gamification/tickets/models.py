"""Tables of tickets: acts of entering, their tickets, and how many each entrant holds."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of

_BOUGHT = text("source = 'bought'")
_COUNTED = text("state = 'counted'")
_FREE = text("state = 'counted' AND source = 'free'")
_PAID = "(source = 'bought') = (transfer_id IS NOT NULL)"


class RaffleEntryRow(Base):
    """One act of entering: tickets bought together, entered for nothing, or given.

    `period` says for which period a free entry was. `ref_id` is the grant that gave the tickets.
    `nonce` is what the entrant's app threw in (hex, or empty), for draws without public randomness.
    """

    __tablename__ = "raffle_entry"
    __table_args__ = (
        CheckConstraint("source IN ('bought', 'free', 'granted')", name="source"),
        CheckConstraint("state IN ('counted', 'cancelled', 'withdrawn', 'refunded')", name="state"),
        CheckConstraint("(state = 'counted') = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("tickets > 0", name="tickets"),
        CheckConstraint("(source = 'bought') = (price > 0) AND price >= 0", name="price"),
        CheckConstraint(_PAID, name="paid"),
        CheckConstraint("(source = 'granted') = (ref_id IS NOT NULL)", name="granted"),
        Index(
            "uq_raffle_entry_free",
            "raffle_id",
            "member_id",
            "period",
            unique=True,
            postgresql_where=_FREE,
            sqlite_where=_FREE,
        ),
        Index(
            "ix_raffle_entry_bought",
            "member_id",
            "created_at",
            "id",
            postgresql_where=_BOUGHT,
            sqlite_where=_BOUGHT,
        ),
        Index("ix_raffle_entry_member", "raffle_id", "member_id", "created_at"),
        Index(
            "ix_raffle_entry_counted",
            "raffle_id",
            "id",
            postgresql_where=_COUNTED,
            sqlite_where=_COUNTED,
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    raffle_id: Mapped[str] = mapped_column(Id, ForeignKey("raffle.id"))
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    source: Mapped[str] = mapped_column(code(12))
    state: Mapped[str] = mapped_column(code(12))
    tickets: Mapped[int] = mapped_column(Integer)
    unit: Mapped[str] = mapped_column(code(20))
    price: Mapped[int] = mapped_column(Amount)
    transfer_id: Mapped[str | None] = mapped_column(Id)
    period: Mapped[str] = mapped_column(code(12))
    ref_id: Mapped[str | None] = mapped_column(Id)
    nonce: Mapped[str] = mapped_column(code(64))
    actor: Mapped[str] = mapped_column(code(80))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RaffleTicketRow(Base):
    """One ticket: a random number of 128 bits (hex). It counts while its entry does."""

    __tablename__ = "raffle_ticket"
    __table_args__ = (Index("ix_raffle_ticket_entry", "entry_id"),)

    id: Mapped[str] = mapped_column(code(32), primary_key=True)
    entry_id: Mapped[str] = mapped_column(Id, ForeignKey("raffle_entry.id"))


class RaffleEntrantRow(Base):
    """How many tickets of a member count in a raffle; none after all were given back."""

    __tablename__ = "raffle_entrant"
    __table_args__ = (
        CheckConstraint("tickets >= 0", name="tickets"),
        Index("ix_raffle_entrant_member", "member_id"),
    )

    raffle_id: Mapped[str] = mapped_column(Id, ForeignKey("raffle.id"), primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    tickets: Mapped[int] = mapped_column(Integer)


RAFFLE_ENTRY = table_of(RaffleEntryRow)
RAFFLE_TICKET = table_of(RaffleTicketRow)
RAFFLE_ENTRANT = table_of(RaffleEntrantRow)
