"""Sealing: when a raffle closes, its list is fixed, signed and published, in one transaction.

Whoever enters at the same time is in the list or refused: both change the row of the raffle, and
only one can be first.
"""

from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, update

from server.core.audit import Change, write_audit
from server.core.crypto import Vault
from server.core.outbox import record
from server.gamification.beacons.port import Beacon
from server.gamification.beacons.types import Fixed, Source
from server.gamification.draws.manifest import sign_manifest
from server.gamification.draws.pool import root_of, sealed_lines
from server.gamification.draws.types import Manifest, Signature
from server.gamification.proofs.checkpoints import take_checkpoint
from server.gamification.proofs.queries import find_newest
from server.gamification.raffle_draws import events
from server.gamification.raffle_draws.errors import DrawNotDue
from server.gamification.raffle_draws.models import RAFFLE_SEAL
from server.gamification.raffle_draws.queries import pool_of
from server.gamification.raffle_draws.types import Pool
from server.gamification.raffles.errors import RaffleClosed
from server.gamification.raffles.models import RAFFLE
from server.gamification.raffles.queries import lock_standing
from server.gamification.raffles.types import RaffleState, Standing
from server.gamification.tickets.cancelling import cancel_raffle
from server.gamification.tickets.rules import OPEN

TOO_FEW = "Fewer have entered than were needed."
_INSERT = insert(RAFFLE_SEAL)
_SEALED = (
    update(RAFFLE)
    .where(RAFFLE.c.id == bindparam("raffle_id"))
    .values(
        state=str(RaffleState.SEALED),
        sealed_at=bindparam("at"),
        chain_hash=bindparam("new_chain"),
        round=bindparam("new_round"),
    )
)


class PoolBroken(Exception):  # noqa: N818 - reads as what happened
    """The tickets are not those that the raffle counted: nothing is sealed."""


def close_raffle(
    tx: Connection, raffle_id: str, beacon: Beacon, vault: Vault, actor: str, now: datetime
) -> Manifest | None:
    """Seal a raffle whose end has come and return its manifest.

    With too few entrants it is cancelled instead and None returned: every ticket is paid back.
    Raise `RaffleUnknown`, `RaffleClosed` (it is sealed already), `DrawNotDue`.
    """
    standing = lock_standing(tx, raffle_id)
    if standing.state not in OPEN:
        raise RaffleClosed(state=str(standing.state))
    if now < standing.closes_at:
        raise DrawNotDue(closes_at=standing.closes_at.isoformat())
    if standing.entrants < max(standing.entrants_min, 1):
        cancel_raffle(tx, raffle_id, TOO_FEW, actor, now)
        return None
    return _seal(tx, standing, (_fixed(standing, beacon, now), vault), actor, now)


def _fixed(standing: Standing, beacon: Beacon, now: datetime) -> Fixed:
    """Return the round: that of the rules, or for other sources the one given out now."""
    if beacon.fixed_at_sealing:
        return beacon.fix(standing.closes_at, now)
    return Fixed(Source(standing.source), standing.chain_hash, standing.round)


def _seal(
    tx: Connection, standing: Standing, by: tuple[Fixed, Vault], actor: str, now: datetime
) -> Manifest:
    fixed, vault = by
    pool = pool_of(tx, standing)
    _refuse_other_pool(standing, pool)
    manifest = Manifest(
        standing.id,
        standing.rules_hash,
        standing.entrants,
        standing.tickets,
        standing.prizes,
        standing.consolations,
        root_of(sealed_lines(pool.tickets)),
        _checkpoint(tx, vault, now),
        fixed.chain_hash,
        fixed.number,
    )
    _store(tx, manifest, sign_manifest(manifest, vault), standing, now)
    told = {"state": str(RaffleState.SEALED), "pool_root": manifest.pool_root}
    change = Change("raffle.sealed", "raffle", standing.id, {"state": str(standing.state)}, told)
    write_audit(tx, change, actor=actor, now=now)
    record(tx, [events.of_sealing(manifest)], now=now)
    return manifest


def _refuse_other_pool(standing: Standing, pool: Pool) -> None:
    found = len(pool.members), len(pool.tickets)
    if found != (standing.entrants, standing.tickets):
        raise PoolBroken(f"{standing.id}: entrants and tickets are {found}")


def _checkpoint(tx: Connection, vault: Vault, now: datetime) -> str:
    """Return the root of a checkpoint that holds every debit of a ticket, empty without a ledger"""
    taken = take_checkpoint(tx, vault, now) or find_newest(tx)
    return taken.root if taken else ""


def _store(
    tx: Connection, manifest: Manifest, signature: Signature, standing: Standing, now: datetime
) -> None:
    row = {
        "raffle_id": manifest.raffle_id,
        "policy": str(standing.policy),
        "rules_hash": manifest.rules_hash,
        "entrants": manifest.entrants,
        "tickets": manifest.tickets,
        "main_prizes": manifest.main_prizes,
        "consolations": manifest.consolation_prizes,
        "pool_root": manifest.pool_root,
        "ledger_checkpoint": manifest.ledger_checkpoint,
        "chain_hash": manifest.chain_hash,
        "round": manifest.round,
        "public_key": signature.public_key,
        "signature": signature.value,
        "sealed_at": now,
    }
    tx.execute(_INSERT, row)
    changes = {"new_chain": manifest.chain_hash, "new_round": manifest.round, "at": now}
    tx.execute(_SEALED, {"raffle_id": standing.id} | changes)
