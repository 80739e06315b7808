"""Drawing: the winners follow from what was sealed, the round and the void list, for everybody.

Working them out changes nothing and may take seconds; storing them is one transaction. Done twice,
or by two workers, or again after a crash, it is the same draw, to the last row.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from server.core.audit import Change, write_audit
from server.core.crypto import Vault
from server.core.outbox import record
from server.gamification.beacons.types import Fixed, Round, Source
from server.gamification.draws.drawing import draw
from server.gamification.draws.manifest import sign_void
from server.gamification.draws.proof import VoidList
from server.gamification.draws.seed import seed_of
from server.gamification.raffle_draws import events
from server.gamification.raffle_draws.errors import DrawNotDue
from server.gamification.raffle_draws.models import RAFFLE_DRAW
from server.gamification.raffle_draws.queries import (
    find_draw,
    get_seal,
    list_void,
    pool_of,
    sealed_of,
)
from server.gamification.raffle_draws.types import Draw, Drawing
from server.gamification.raffle_draws.winners import store_wins, winners_of
from server.gamification.raffles.models import RAFFLE
from server.gamification.raffles.queries import get_standing, lock_standing, raffle_at
from server.gamification.raffles.types import RaffleState, Standing

_INSERT = insert(RAFFLE_DRAW)
_DRAWN = (
    update(RAFFLE)
    .where(RAFFLE.c.id == bindparam("raffle_id"))
    .values(state=str(RaffleState.DRAWN), drawn_at=bindparam("at"))
)


class VoidListChanged(Exception):  # noqa: N818 - reads as what happened
    """Something was voided while the draw was worked out: it is worked out again."""


def fixed_of(tx: Connection, raffle_id: str, now: datetime) -> Fixed:
    """Return the round that decides. Raise `RaffleUnknown`, `RaffleNotSealed`, `DrawNotDue`."""
    manifest = sealed_of(get_seal(tx, raffle_id)).manifest
    standing = get_standing(tx, raffle_id)
    if now < standing.draws_at:
        raise DrawNotDue(draws_at=standing.draws_at.isoformat())
    return Fixed(Source(standing.source), manifest.chain_hash, manifest.round)


def work_out(tx: Connection, raffle_id: str, of_round: Round, vault: Vault) -> Drawing:
    """Return the draw that follows from a verified round. Raise `RaffleNotSealed`."""
    sealed = sealed_of(get_seal(tx, raffle_id))
    seed = seed_of(sealed.manifest, of_round)
    pool, void = pool_of(tx, get_standing(tx, raffle_id)), list_void(tx, raffle_id)
    drawn = draw(sealed.manifest, pool.tickets, seed, void)
    signature = sign_void(raffle_id, void, vault) if void else None
    return Drawing(sealed, of_round, seed, drawn, VoidList(void, signature), pool.members)


def store_draw(tx: Connection, drawing: Drawing, actor: str, now: datetime) -> bool:
    """Write a draw down; False when it is there already. Raise `VoidListChanged`."""
    raffle_id = drawing.sealed.manifest.raffle_id
    standing = lock_standing(tx, raffle_id)
    if standing.state is not RaffleState.SEALED or find_draw(tx, raffle_id) is not None:
        return False
    if list_void(tx, raffle_id) != list(drawing.void.entries):
        raise VoidListChanged(raffle_id)
    tx.execute(_INSERT, _row(drawing, now))
    wins = winners_of(drawing, claim_end(tx, standing, now), now)
    store_wins(tx, wins)
    tx.execute(_DRAWN, {"raffle_id": raffle_id, "at": now})
    told = {"seed": drawing.seed.hex(), "winners": len(wins)}
    write_audit(tx, Change("raffle.drawn", "raffle", raffle_id, None, told), actor=actor, now=now)
    record(tx, [events.of_win(win) for win in wins if win.draw is Draw.MAIN], now=now)
    return True


def claim_end(tx: Connection, standing: Standing, now: datetime) -> datetime:
    """Return until when a prize that is won now can be claimed."""
    return now + timedelta(days=raffle_at(tx, standing.id, standing.version).claim_days)


def _row(drawing: Drawing, now: datetime) -> dict[str, Any]:
    signature = drawing.void.signature
    return {
        "raffle_id": drawing.sealed.manifest.raffle_id,
        "source": str(drawing.round.source),
        "signature": drawing.round.signature,
        "randomness": drawing.round.randomness,
        "seed": drawing.seed.hex(),
        "void_key": signature and signature.public_key,
        "void_signature": signature and signature.value,
        "told_up_to": "",
        "told_at": None,
        "drawn_at": now,
    }
