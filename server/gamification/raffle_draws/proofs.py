"""The public proof of a drawn raffle, and whether what is stored is what follows from it."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from server.core.crypto import is_signed_by
from server.gamification.draws.drawing import draw
from server.gamification.draws.manifest import is_signed, void_statement
from server.gamification.draws.pool import root_of, sealed_lines
from server.gamification.draws.proof import proof_of
from server.gamification.draws.seed import seed_of
from server.gamification.draws.types import Drawn, MainPlace, SecondPlace
from server.gamification.raffle_draws.queries import (
    get_draw,
    get_seal,
    list_void,
    list_wins,
    pool_of,
    round_of,
    sealed_of,
    void_list,
)
from server.gamification.raffle_draws.types import Draw
from server.gamification.raffles.queries import get_standing


def load_proof(tx: Connection, raffle_id: str, entries_url: str) -> dict[str, Any]:
    """Return the proof from what was stored. Raise `RaffleUnknown`, `RaffleNotDrawn`.

    The winners are those of the draw, whatever became of their prizes since.
    """
    row = get_draw(tx, raffle_id)
    sealed = sealed_of(get_seal(tx, raffle_id))
    drawn = stored_draw(tx, raffle_id, sealed.manifest.main_prizes)
    void, seed = void_list(tx, row), bytes.fromhex(row.seed)
    proof = proof_of(sealed, round_of(row, sealed), seed, drawn, void, entries_url)
    plain: dict[str, Any] = json.loads(json.dumps(proof))
    return plain


def stored_draw(tx: Connection, raffle_id: str, main_prizes: int) -> Drawn:
    """Return the winners of the draw as stored, without the alternates."""
    main = tuple(
        MainPlace(win.place, str(win.ticket), win.entrant)
        for win in list_wins(tx, raffle_id, Draw.MAIN)
        if win.place <= main_prizes
    )
    second = tuple(
        SecondPlace(win.place, win.entrant) for win in list_wins(tx, raffle_id, Draw.SECOND)
    )
    return Drawn(main, second, (), ())


def draw_faults(tx: Connection, raffle_id: str) -> Iterator[str]:
    """Yield what is wrong with a sealed raffle: list, signature, seed, winners, in words.

    The beacon's own signature is checked when the round is fetched.
    """
    seal = get_seal(tx, raffle_id)
    sealed = sealed_of(seal)
    manifest = sealed.manifest
    pool = pool_of(tx, get_standing(tx, raffle_id))
    if not is_signed(manifest, sealed.signature):
        yield "the signature is not of the manifest"
    if root_of(sealed_lines(pool.tickets)) != manifest.pool_root:
        yield "the tickets are not those that were sealed"
        return
    if len(pool.members) != manifest.entrants or len(pool.tickets) != manifest.tickets:
        yield "the counts are not those that were sealed"
        return
    if get_standing(tx, raffle_id).drawn_at is not None:
        yield from _result_faults(tx, raffle_id)


def _result_faults(tx: Connection, raffle_id: str) -> Iterator[str]:
    row = get_draw(tx, raffle_id)
    sealed = sealed_of(get_seal(tx, raffle_id))
    seed = seed_of(sealed.manifest, round_of(row, sealed))
    if seed.hex() != row.seed:
        yield "the seed does not follow from manifest and round"
    if not _is_void_list_signed(tx, row):
        yield "the void list is not the one that was signed"
    pool = pool_of(tx, get_standing(tx, raffle_id))
    drawn = draw(sealed.manifest, pool.tickets, seed, void_list(tx, row).entries)
    stored = stored_draw(tx, raffle_id, sealed.manifest.main_prizes)
    if (stored.main, stored.second) != (drawn.main, drawn.second):
        yield "the winners are not those of the draw"
    for win in (*list_wins(tx, raffle_id, Draw.MAIN), *list_wins(tx, raffle_id, Draw.SECOND)):
        if pool.members.get(win.entrant) != win.member_id:
            yield f"{win.id} is of another member"


def _is_void_list_signed(tx: Connection, row: Any) -> bool:
    void = list_void(tx, row.raffle_id)
    if row.void_key is None:
        return not void
    return is_signed_by(row.void_key, void_statement(row.raffle_id, void), row.void_signature)
