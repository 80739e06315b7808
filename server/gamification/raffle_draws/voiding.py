"""The void list: who must not win stays in the sealed list and is skipped by the draw.

Until the round is public nobody can know whom a void entry helps, so one person is enough. After
that it takes two, and after the draw a prize is taken from its winner instead (`raffle_prizes`).
"""

from datetime import datetime

from sqlalchemy import Connection, insert

from server.core.audit import Change, write_audit
from server.core.errors import Refusal
from server.gamification.draws.pseudonyms import pseudonym
from server.gamification.draws.types import Scope, Void
from server.gamification.raffle_acts.errors import DrawNeedsSecondPerson
from server.gamification.raffle_draws.errors import (
    DrawAlreadyDone,
    EntrantUnknown,
    RaffleNotSealed,
)
from server.gamification.raffle_draws.models import RAFFLE_VOID
from server.gamification.raffle_draws.queries import list_void, pool_of
from server.gamification.raffles.queries import get_standing, lock_standing
from server.gamification.raffles.types import RaffleState, Standing

_INSERT = insert(RAFFLE_VOID)


def entrant_name(tx: Connection, raffle_id: str, member_id: str) -> str:
    """Return the pseudonym of a member in a raffle. Raise `RaffleUnknown`."""
    return pseudonym(bytes.fromhex(get_standing(tx, raffle_id).pseudonym_key), member_id)


def needs_two(tx: Connection, raffle_id: str, now: datetime) -> bool:
    """Tell whether a void entry needs a second person now: the round may be known."""
    return now >= get_standing(tx, raffle_id).draws_at


def void_before_draw(
    tx: Connection, raffle_id: str, void: Void, actor: str, now: datetime, approved: bool = False
) -> None:
    """Put a ticket or an entrant on the void list; done again it changes nothing.

    Raise `RaffleUnknown`, `RaffleNotSealed`, `DrawAlreadyDone`, `EntrantUnknown`, and
    `DrawNeedsSecondPerson` once the round may be known and nobody has approved.
    """
    standing = lock_standing(tx, raffle_id)
    refusal = why_not_voided(standing)
    if refusal is not None:
        raise refusal
    if now >= standing.draws_at and not approved:
        raise DrawNeedsSecondPerson
    pool = pool_of(tx, standing)
    known = {one.id for one in pool.tickets} if void.scope is Scope.TICKET else pool.members.keys()
    if void.id not in known:
        raise EntrantUnknown
    if (void.scope, void.id) in {(one.scope, one.id) for one in list_void(tx, raffle_id)}:
        return
    row = {"raffle_id": raffle_id, "scope": str(void.scope), "ref": void.id}
    tx.execute(_INSERT, row | {"reason": void.reason, "actor": actor, "voided_at": now})
    told = {"scope": str(void.scope), "id": void.id, "reason": void.reason}
    change = Change("raffle.voided", "raffle", raffle_id, None, told)
    write_audit(tx, change, actor=actor, now=now)


def why_not_voided(standing: Standing) -> Refusal | None:
    """Return why nothing can be put on the void list; None while the raffle is sealed."""
    if standing.state in (RaffleState.DRAWN, RaffleState.CLOSED):
        return DrawAlreadyDone()
    if standing.state is not RaffleState.SEALED:
        return RaffleNotSealed(state=str(standing.state))
    return None
