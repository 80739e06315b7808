"""Telling all entrants that the results are in, a few at a time."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from server.core.outbox import record
from server.gamification.raffle_draws import events
from server.gamification.raffle_draws.models import RAFFLE_DRAW
from server.gamification.raffle_draws.queries import get_draw
from server.gamification.raffles.queries import lock_standing
from server.gamification.tickets.queries import list_holders

_D = RAFFLE_DRAW.c
_UNTOLD = select(_D.raffle_id).where(_D.told_at.is_(None)).order_by(_D.raffle_id)
_TOLD = (
    update(RAFFLE_DRAW)
    .where(_D.raffle_id == bindparam("of_raffle"))
    .values(told_up_to=bindparam("up_to"), told_at=bindparam("at"))
)


def list_untold(tx: Connection) -> list[str]:
    """Return the drawn raffles of which not all entrants have been told."""
    return list(tx.execute(_UNTOLD).scalars())


def tell_results(tx: Connection, raffle_id: str, now: datetime, limit: int) -> int:
    """Tell up to `limit` entrants that the results are in; return how many were told.

    Call it again, in a transaction each, until it returns 0.
    """
    lock_standing(tx, raffle_id)
    row = get_draw(tx, raffle_id)
    if row.told_at is not None:
        return 0
    waiting = [who for who, _ in list_holders(tx, raffle_id) if who > row.told_up_to]
    told = waiting[:limit]
    record(tx, [events.of_result(raffle_id, who) for who in told], now=now)
    changes = {
        "up_to": told[-1] if told else row.told_up_to,
        "at": now if len(waiting) <= limit else None,
    }
    tx.execute(_TOLD, {"of_raffle": raffle_id} | changes)
    return len(told)
