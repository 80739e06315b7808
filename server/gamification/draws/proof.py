"""The public proof of a drawn raffle, as one JSON document without personal data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.gamification.beacons.types import Round
from server.gamification.draws.manifest import FORMAT, manifest_fields
from server.gamification.draws.types import Drawn, Manifest, Signature, Void


@dataclass(frozen=True, slots=True)
class Sealed:
    """A manifest with its signature."""

    manifest: Manifest
    signature: Signature


@dataclass(frozen=True, slots=True)
class VoidList:
    """What is skipped, with the signature over it; None when nothing is."""

    entries: Sequence[Void] = ()
    signature: Signature | None = None


def proof_of(
    sealed: Sealed, of_round: Round, seed: bytes, drawn: Drawn, void: VoidList, entries_url: str
) -> dict[str, Any]:
    """Return the proof: with the list at `entries_url` it lets anybody draw the raffle again."""
    return {
        "algorithm": FORMAT,
        "manifest": manifest_fields(sealed.manifest, sealed.signature),
        "beacon": beacon_fields(of_round),
        "entries_url": entries_url,
        "void": [{"scope": v.scope.value, "id": v.id, "reason": v.reason} for v in void.entries],
        "void_signature": void.signature and _signature_fields(void.signature),
        "seed": seed.hex(),
        "main": [{"place": p.place, "ticket": p.ticket, "entrant": p.entrant} for p in drawn.main],
        "second": [{"place": p.place, "entrant": p.entrant} for p in drawn.second],
        "verify": "python verify.py proof.json entries.csv",
    }


def beacon_fields(of_round: Round) -> dict[str, Any]:
    """Return a round as it stands in documents."""
    return {
        "source": of_round.source.value,
        "chain_hash": of_round.chain_hash,
        "round": of_round.number,
        "signature": of_round.signature,
        "randomness": of_round.randomness,
    }


def _signature_fields(signature: Signature) -> dict[str, str]:
    return {"public_key": signature.public_key, "signature": signature.value}
