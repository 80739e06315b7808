"""The seed: everything that is sealed, and the round that nobody knew when it was sealed."""

import hashlib

from server.gamification.beacons.types import Round
from server.gamification.draws.manifest import FORMAT
from server.gamification.draws.types import Manifest


def seed_of(manifest: Manifest, of_round: Round) -> bytes:
    """Return the 32 bytes that order all tickets.

    SHA-256 over eight fields and the name of the format, each as its length (four bytes, big end
    first) and its text in UTF-8; hashes are lower-case hex, numbers decimal. Raise `ValueError`
    when the round is not the one that was sealed.
    """
    if (of_round.chain_hash, of_round.number) != (manifest.chain_hash, manifest.round):
        raise ValueError("not the round that was fixed when the raffle was sealed")
    fields = (
        FORMAT,
        manifest.raffle_id,
        manifest.rules_hash,
        manifest.pool_root,
        manifest.entrants,
        manifest.tickets,
        manifest.chain_hash,
        manifest.round,
        of_round.signature,
    )
    return hashlib.sha256(b"".join(_prefixed(str(field)) for field in fields)).digest()


def _prefixed(field: str) -> bytes:
    text = field.encode()
    return len(text).to_bytes(4, "big") + text
