"""What is public of sealed and drawn raffles: manifest, round, winners under pseudonyms."""

from typing import Any

from sqlalchemy import Connection

from server.api.schemas import Boolean, Instant, Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.gamification.draws.manifest import FORMAT, manifest_fields
from server.gamification.raffle_draws.proofs import load_proof
from server.gamification.raffle_draws.queries import (
    find_draw,
    get_seal,
    list_wins,
    sealed_of,
)
from server.gamification.raffle_draws.types import Draw
from server.gamification.raffle_prizes.queries import list_substitutes
from server.gamification.raffles.queries import get_standing


class ManifestOut(Out):
    """What was sealed, and its Ed25519 signature; `N` entrants, `T` tickets, `Wm` main prizes, `Wc`
    consolation prizes.
    """

    raffle_id = Text(required=True)
    rules_hash = Text(required=True)
    N = Integer(required=True)
    T = Integer(required=True)
    Wm = Integer(required=True)
    Wc = Integer(required=True)
    pool_root = Text(required=True)
    ledger_checkpoint = Text(required=True)
    chain_hash = Text(required=True)
    round = Integer(required=True)
    public_key = Text(required=True)
    signature = Text(required=True)


class RoundOut(Out):
    """The round that decided."""

    source = Text(required=True)
    chain_hash = Text(required=True)
    round = Integer(required=True)
    signature = Text(required=True)
    randomness = Text(required=True)


class VoidOut(Out):
    """A ticket or entrant that was skipped, and why."""

    scope = Text(required=True)
    id = Text(required=True)
    reason = Text(required=True)


class VoidSignature(Out):
    """The signature of the void list."""

    public_key = Text(required=True)
    signature = Text(required=True)


class MainWinOut(Out):
    """A main prize: its place, and the ticket that reached it."""

    place = Integer(required=True)
    ticket = Text(required=True)
    entrant = Text(required=True)


class SecondWinOut(Out):
    """A consolation prize: its place in the second draw."""

    place = Integer(required=True)
    entrant = Text(required=True)


class PrizeFate(Out):
    """What became of a main prize with one winner: `won`, `claimed`, `given`, `lapsed` or `void`.

    Of one that lapsed or is void the next in the order of the draw has it, at a later `place`.
    """

    prize = Integer(required=True)
    place = Integer(required=True)
    entrant = Text(required=True)
    state = Text(required=True)
    why = Text(required=True)


class SubstituteOut(Out):
    """What is given instead of a main prize, and why."""

    prize = Integer(required=True)
    value_minor = Integer(required=True)
    note = Text(required=True)


class RaffleProof(Out):
    """Everything with which anybody can draw a raffle again; no personal data.

    From the moment of sealing the manifest is there; round, seed and winners are null or empty
    until the draw. `sealed_late` says that the manifest was signed only when the round may have
    been known. `prizes` and `substitutes` tell what happened since.
    """

    algorithm = Text(required=True)
    state = Text(required=True)
    manifest = Nested(ManifestOut, required=True)
    sealed_at = Instant(required=True)
    sealed_late = Boolean(required=True)
    draws_at = Instant(required=True)
    beacon = Nested(RoundOut, required=True, allow_none=True)
    entries_url = Text(required=True)
    rules_url = Text(required=True)
    void = Items(Nested(VoidOut), required=True)
    void_signature = Nested(VoidSignature, required=True, allow_none=True)
    seed = Text(required=True, allow_none=True)
    main = Items(Nested(MainWinOut), required=True)
    second = Items(Nested(SecondWinOut), required=True)
    prizes = Items(Nested(PrizeFate), required=True)
    substitutes = Items(Nested(SubstituteOut), required=True)
    verify = Text(required=True)


def present_proof(tx: Connection, raffle_id: str) -> dict[str, Any]:
    """Return the public proof. Raise `RaffleUnknown`, `RaffleNotSealed`."""
    seal, standing = get_seal(tx, raffle_id), get_standing(tx, raffle_id)
    urls = {"entries_url": f"/raffles/{raffle_id}/entries.csv"}
    since = {
        "state": str(standing.state),
        "sealed_at": seal.sealed_at,
        "sealed_late": seal.sealed_at >= standing.draws_at,
        "draws_at": standing.draws_at,
        "rules_url": f"/raffles/{raffle_id}/rules.json",
        "prizes": _fates(tx, raffle_id),
        "substitutes": _substitutes(tx, raffle_id),
    }
    if find_draw(tx, raffle_id) is not None:
        return load_proof(tx, raffle_id, **urls) | since
    sealed = sealed_of(seal)
    waiting = {"algorithm": FORMAT, "manifest": manifest_fields(sealed.manifest, sealed.signature)}
    empty = {"beacon": None, "seed": None, "void_signature": None, "verify": ""}
    return waiting | empty | {"void": [], "main": [], "second": []} | urls | since


def _fates(tx: Connection, raffle_id: str) -> list[dict[str, Any]]:
    return [
        {
            "prize": win.prize_place,
            "place": win.place,
            "entrant": win.entrant,
            "state": str(win.state),
            "why": win.why if str(win.state) == "void" else "",
        }
        for win in list_wins(tx, raffle_id, Draw.MAIN)
    ]


def _substitutes(tx: Connection, raffle_id: str) -> list[dict[str, Any]]:
    return [
        {"prize": place, "value_minor": row.value_minor, "note": row.note}
        for place, row in sorted(list_substitutes(tx, raffle_id).items())
    ]
