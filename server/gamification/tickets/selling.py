"""What happens by itself while tickets are had: raffles open, and entrants hear of the end."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, exists, select, update

from server.core.clock import rfc3339
from server.core.columns import UTCDateTime
from server.core.outbox import Event, record
from server.gamification.raffles.models import RAFFLE
from server.gamification.raffles.types import RaffleState
from server.gamification.tickets.models import RAFFLE_ENTRY
from server.gamification.tickets.queries import list_holders
from server.gamification.tickets.rules import OPEN

CLOSING_HOURS = 24
_R = RAFFLE.c
_OPEN = (
    update(RAFFLE)
    .where(
        _R.state == str(RaffleState.PUBLISHED),
        _R.opens_at <= bindparam("now", type_=UTCDateTime),
        _R.closes_at > bindparam("now", type_=UTCDateTime),
    )
    .values(state=str(RaffleState.SELLING))
    .returning(_R.id)
)
_CLOSING = (
    update(RAFFLE)
    .where(
        _R.state == str(RaffleState.SELLING),
        _R.told_closing_at.is_(None),
        _R.closes_at > bindparam("now", type_=UTCDateTime),
        _R.closes_at <= bindparam("soon", type_=UTCDateTime),
    )
    .values(told_closing_at=bindparam("now", type_=UTCDateTime))
    .returning(_R.id, _R.closes_at)
)
_TURNS = select(_R.opens_at, _R.closes_at).where(_R.state.in_([str(state) for state in OPEN]))
_UNREFUNDED = (
    select(_R.id)
    .where(
        _R.state == str(RaffleState.CANCELLED),
        exists().where(RAFFLE_ENTRY.c.raffle_id == _R.id, RAFFLE_ENTRY.c.state == "counted"),
    )
    .order_by(_R.id)
)


def open_raffles(tx: Connection, now: datetime) -> int:
    """Open the raffles whose time has come and tell it; return how many."""
    opened = tx.execute(_OPEN, {"now": now}).all()
    record(tx, [Event("raffle.opened", {"raffle_id": row.id}) for row in opened], now=now)
    return len(opened)


def tell_closing(tx: Connection, now: datetime) -> int:
    """Tell the entrants, once, of raffles that close within a day; return how many were told."""
    soon = now + timedelta(hours=CLOSING_HOURS)
    told = 0
    for row in tx.execute(_CLOSING, {"now": now, "soon": soon}).all():
        holders = list_holders(tx, row.id)
        of = {"raffle_id": row.id, "closes_at": rfc3339(row.closes_at)}
        events = [Event("raffle.closing", of | {"tickets": held}, who) for who, held in holders]
        record(tx, events, now=now)
        told += len(events)
    return told


def list_unrefunded(tx: Connection) -> list[str]:
    """Return the cancelled raffles of which something is still to be given back."""
    return list(tx.execute(_UNREFUNDED).scalars())


def next_selling_at(tx: Connection, now: datetime) -> datetime | None:
    """Return when the next raffle opens, or is a day before its end, after `now`."""
    day = timedelta(hours=CLOSING_HOURS)
    turns = [at for row in tx.execute(_TURNS) for at in (row.opens_at, row.closes_at - day)]
    return min((at for at in turns if at > now), default=None)
