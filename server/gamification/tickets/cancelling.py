"""Cancelling a raffle before it is sealed: by two people, or because too few have entered.

Nobody can enter from then on; what tickets cost goes back in batches (`leaving.refund_entries`).
"""

from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from server.core.audit import Change, write_audit
from server.core.outbox import Event, record
from server.gamification.raffle_acts.service import Act, ask_act
from server.gamification.raffles.errors import RaffleClosed
from server.gamification.raffles.models import RAFFLE
from server.gamification.raffles.publishing import release_prizes
from server.gamification.raffles.queries import get_standing, lock_standing
from server.gamification.raffles.types import RaffleState, Standing
from server.gamification.tickets.rules import OPEN

CANCEL = "cancel"
_CANCEL = (
    update(RAFFLE)
    .where(RAFFLE.c.id == bindparam("raffle_id"))
    .values(state=str(RaffleState.CANCELLED), cancelled_at=bindparam("at"))
)


def ask_cancellation(tx: Connection, raffle_id: str, why: str, by: str, now: datetime) -> Act:
    """Ask for a raffle to be cancelled; somebody else approves it (`cancel_raffle`).

    Raise `RaffleUnknown`, `RaffleClosed`.
    """
    _check(get_standing(tx, raffle_id))
    return ask_act(tx, (raffle_id, CANCEL), {"why": why}, by, now)


def cancel_raffle(tx: Connection, raffle_id: str, why: str, actor: str, now: datetime) -> None:
    """Cancel a raffle that is not sealed: nobody enters any more, prizes go back to the shelf.

    Raise `RaffleUnknown`, `RaffleClosed`.
    """
    before = lock_standing(tx, raffle_id)
    _check(before)
    tx.execute(_CANCEL, {"raffle_id": raffle_id, "at": now})
    release_prizes(tx, raffle_id)
    told = {"state": str(RaffleState.CANCELLED), "why": why}
    change = Change("raffle.cancelled", "raffle", raffle_id, {"state": str(before.state)}, told)
    write_audit(tx, change, actor=actor, now=now)
    counts = {"entrants": before.entrants, "tickets": before.tickets}
    record(tx, [Event("raffle.cancelled", {"raffle_id": raffle_id, **counts})], now=now)


def _check(standing: Standing) -> None:
    if standing.state not in OPEN:
        raise RaffleClosed(state=str(standing.state))
