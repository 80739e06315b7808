"""Reading what was sealed, drawn and won."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from server.core.columns import UTCDateTime
from server.core.statements import Prepared
from server.gamification.beacons.types import Round, Source
from server.gamification.draws.merkle import Tree
from server.gamification.draws.pool import sealed_lines
from server.gamification.draws.proof import Sealed, VoidList
from server.gamification.draws.pseudonyms import pseudonym
from server.gamification.draws.types import Manifest, Scope, Signature, Ticket, Void
from server.gamification.raffle_draws.errors import RaffleNotDrawn, RaffleNotSealed
from server.gamification.raffle_draws.models import (
    RAFFLE_DRAW,
    RAFFLE_SEAL,
    RAFFLE_VOID,
    RAFFLE_WIN,
)
from server.gamification.raffle_draws.types import Draw, Pool, Win, WinState
from server.gamification.raffles.models import RAFFLE
from server.gamification.raffles.queries import get_standing
from server.gamification.raffles.types import RaffleState, Standing
from server.gamification.tickets.queries import list_pool

_R, _S, _V, _D, _W = (t.c for t in (RAFFLE, RAFFLE_SEAL, RAFFLE_VOID, RAFFLE_DRAW, RAFFLE_WIN))
_NOW = bindparam("now", type_=UTCDateTime)
_SEAL = Prepared(select(RAFFLE_SEAL).where(_S.raffle_id == bindparam("raffle_id")))
_DRAW = Prepared(select(RAFFLE_DRAW).where(_D.raffle_id == bindparam("raffle_id")))
_VOID = Prepared(
    select(RAFFLE_VOID).where(_V.raffle_id == bindparam("raffle_id")).order_by(_V.scope, _V.ref)
)
_WINS = Prepared(
    select(RAFFLE_WIN)
    .where(_W.raffle_id == bindparam("raffle_id"), _W.draw == bindparam("of_draw"))
    .order_by(_W.place)
)
_COUNTS = (
    select(_W.draw, _W.state, func.count().label("wins"))
    .where(_W.raffle_id == bindparam("raffle_id"))
    .group_by(_W.draw, _W.state)
)
_CLOSING = (
    select(_R.id)
    .where(_R.state.in_(["published", "selling"]), _R.closes_at <= _NOW)
    .order_by(_R.closes_at, _R.id)
)
_DUE = select(_R.id).where(_R.state == "sealed", _R.draws_at <= _NOW).order_by(_R.draws_at, _R.id)
_NEXT_CLOSE = select(func.min(_R.closes_at)).where(
    _R.state.in_(["published", "selling"]), _R.closes_at > _NOW
)
_NEXT_DRAW = select(func.min(_R.draws_at)).where(
    _R.state.in_(["published", "selling", "sealed"]), _R.draws_at > _NOW
)
_KEPT_TICKETS_MAX = 200_000


def list_closing(tx: Connection, now: datetime) -> list[str]:
    """Return the raffles whose end has come and that are not sealed."""
    return list(tx.execute(_CLOSING, {"now": now}).scalars())


def list_due(tx: Connection, now: datetime) -> list[str]:
    """Return the sealed raffles whose round should be known."""
    return list(tx.execute(_DUE, {"now": now}).scalars())


def next_step_at(tx: Connection, now: datetime) -> datetime | None:
    """Return when the next raffle closes or is drawn after `now`."""
    found = [tx.execute(asked, {"now": now}).scalar() for asked in (_NEXT_CLOSE, _NEXT_DRAW)]
    return min((at for at in found if at is not None), default=None)


def get_seal(tx: Connection, raffle_id: str) -> Any:
    """Return the row of a sealed raffle. Raise `RaffleUnknown`, `RaffleNotSealed`."""
    row = _SEAL.first(tx, {"raffle_id": raffle_id})
    if row is None:
        raise RaffleNotSealed(state=str(get_standing(tx, raffle_id).state))
    return row


def sealed_of(row: Any) -> Sealed:
    """Return the signed manifest of a sealed raffle's row."""
    manifest = Manifest(
        row.raffle_id,
        row.rules_hash,
        row.entrants,
        row.tickets,
        row.main_prizes,
        row.consolations,
        row.pool_root,
        row.ledger_checkpoint,
        row.chain_hash,
        row.round,
    )
    return Sealed(manifest, Signature(row.public_key, row.signature))


def find_draw(tx: Connection, raffle_id: str) -> Any:
    """Return the row of a draw, None without one."""
    return _DRAW.first(tx, {"raffle_id": raffle_id})


def get_draw(tx: Connection, raffle_id: str) -> Any:
    """Return the row of a draw. Raise `RaffleUnknown`, `RaffleNotDrawn`."""
    row = find_draw(tx, raffle_id)
    if row is None:
        standing = get_standing(tx, raffle_id)
        raise RaffleNotDrawn(state=str(standing.state), draws_at=standing.draws_at.isoformat())
    return row


def round_of(draw: Any, sealed: Sealed) -> Round:
    """Return the round of a draw."""
    fixed = sealed.manifest
    source = Source(draw.source)
    return Round(source, fixed.chain_hash, fixed.round, draw.signature, draw.randomness)


def list_void(tx: Connection, raffle_id: str) -> list[Void]:
    """Return what the draw of a raffle skips."""
    rows = _VOID.all(tx, {"raffle_id": raffle_id})
    return [Void(Scope(row.scope), row.ref, row.reason) for row in rows]


def void_list(tx: Connection, draw: Any) -> VoidList:
    """Return the void list that a draw skipped, with its signature."""
    if draw.void_key is None:
        return VoidList()
    signature = Signature(draw.void_key, draw.void_signature)
    return VoidList(list_void(tx, draw.raffle_id), signature)


def pool_of(tx: Connection, standing: Standing) -> Pool:
    """Return the tickets of a raffle that count, under pseudonyms."""
    rows = list_pool(tx, standing.id)
    key = bytes.fromhex(standing.pseudonym_key)
    names = {member_id: pseudonym(key, member_id) for member_id in {row[1] for row in rows}}
    tickets = [Ticket(ticket_id, names[member_id], nonce) for ticket_id, member_id, nonce in rows]
    return Pool(tickets, {name: member_id for member_id, name in names.items()})


def sealed_list(tx: Connection, raffle_id: str) -> tuple[str, ...]:
    """Return the lines of the sealed list, which never change. Raise `RaffleNotSealed`."""
    return _tree(tx, raffle_id)[0]


def sealed_tree(tx: Connection, raffle_id: str) -> tuple[tuple[str, ...], Tree]:
    """Return the lines of the sealed list and their tree, for proofs that a line is in it."""
    return _tree(tx, raffle_id)


def _tree(tx: Connection, raffle_id: str) -> tuple[tuple[str, ...], Tree]:
    seal = get_seal(tx, raffle_id)
    kept = _kept(raffle_id, seal.pool_root)
    if not kept:
        lines = tuple(sealed_lines(pool_of(tx, get_standing(tx, raffle_id)).tickets))
        made = lines, Tree([line.encode() for line in lines])
        if seal.tickets > _KEPT_TICKETS_MAX:
            return made
        kept.append(made)
    return kept[0]


@lru_cache(maxsize=2)
def _kept(_raffle_id: str, _root: str) -> list[tuple[tuple[str, ...], Tree]]:
    """Return the place where the tree of a pool is kept: a few hundred bytes for each ticket."""
    return []


def list_wins(tx: Connection, raffle_id: str, draw: Draw) -> list[Win]:
    """Return the prizes won in one of the draws, by place."""
    rows = _WINS.all(tx, {"raffle_id": raffle_id, "of_draw": str(draw)})
    return [win_of(row) for row in rows]


def count_wins(tx: Connection, raffle_id: str) -> dict[tuple[Draw, WinState], int]:
    """Return how many prizes of a raffle are in which state, by draw."""
    rows = tx.execute(_COUNTS, {"raffle_id": raffle_id})
    return {(Draw(row.draw), WinState(row.state)): row.wins for row in rows}


def is_over(state: RaffleState) -> bool:
    """Tell whether a raffle in this state has a result."""
    return state in (RaffleState.DRAWN, RaffleState.CLOSED)


def win_of(row: Any) -> Win:
    """Build a win from its row."""
    words = {"draw": Draw(row.draw), "state": WinState(row.state)}
    return Win(**{**row._asdict(), **words})
