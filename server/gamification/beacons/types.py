"""The words of beacons."""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Where the randomness of a draw comes from; the result page says it."""

    DRAND = "drand"
    LOCAL = "local"
    FIXTURE = "fixture"


@dataclass(frozen=True, slots=True)
class Round:
    """One value of a beacon: hash of its chain (hex), number, signature and randomness (hex).

    `randomness` is the SHA-256 of the signature's bytes. Of a local chain the signature is the
    revealed value.
    """

    source: Source
    chain_hash: str
    number: int
    signature: str
    randomness: str
