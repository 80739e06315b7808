"""The words of beacons."""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Where the randomness of a draw comes from; the result page says it."""

    DRAND = "drand"
    LOCAL = "local"
    """A hash chain of the installation: whoever runs it is trusted."""
    FIXTURE = "fixture"
    """Recorded rounds, known to everybody: for tests and demonstrations."""


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


@dataclass(frozen=True, slots=True)
class Fixed:
    """The round that a raffle will use, fixed before anybody knows it."""

    source: Source
    chain_hash: str
    number: int


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of drand: its hash, its public key on G2 (hex), its first second and its pace."""

    hash: str
    public_key: str
    genesis: int
    period_seconds: int
