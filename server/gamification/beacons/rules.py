"""Which round belongs to an instant, and whether a round is what it claims to be: pure."""

import hashlib
from datetime import UTC, datetime, timedelta

from server.gamification.beacons.errors import RoundPublic, RoundWrong
from server.gamification.beacons.types import Chain, Fixed, Round, Source

QUICKNET = Chain(
    hash="52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    public_key=(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c"
        "8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb"
        "5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
    ),
    genesis=1692803367,
    period_seconds=3,
)
"""The chain of drand that raffles use; unchained, signatures on G1."""
DELTA = timedelta(seconds=120)
"""How long after the close the round comes: time to seal and to publish the manifest."""
MARGIN = timedelta(seconds=30)
"""A round that comes sooner than this counts as known: clocks differ."""
LINKS_MAX = 100_000
"""The longest local chain that is followed."""


def round_after(chain: Chain, closes_at: datetime) -> int:
    """Return floor((close + delta - genesis) / period) + 1, a round from after the close."""
    seconds = int((closes_at + DELTA).timestamp()) - chain.genesis
    return seconds // chain.period_seconds + 1


def published_at(chain: Chain, number: int) -> datetime:
    """Return when a round becomes known."""
    return datetime.fromtimestamp(chain.genesis + (number - 1) * chain.period_seconds, UTC)


def fixed_round(chain: Chain, closes_at: datetime, now: datetime) -> Fixed:
    """Return the round of drand for a raffle that closes then. Raise `RoundPublic`."""
    number = round_after(chain, closes_at)
    refuse_public(chain, number, now)
    return Fixed(Source.DRAND, chain.hash, number)


def refuse_public(chain: Chain, number: int, now: datetime) -> None:
    """Raise `RoundPublic` when the round is known at `now` or within the margin."""
    if number < 1 or published_at(chain, number) <= now + MARGIN:
        raise RoundPublic(f"round {number} comes too early to be fixed")


def randomness_of(signature: str) -> str:
    """Return the SHA-256 (hex) of a signature's bytes (hex). Raise `RoundWrong`."""
    try:
        return hashlib.sha256(bytes.fromhex(signature)).hexdigest()
    except ValueError as error:
        raise RoundWrong("the signature is not hexadecimal") from error


def link_of(value: bytes, steps: int) -> bytes:
    """Return `value` hashed so many times: the chain, from its secret end towards its tail."""
    for _ in range(steps):
        value = hashlib.sha256(value).digest()
    return value


def refuse_foreign_link(given: Round) -> None:
    """Raise `RoundWrong` unless the revealed value leads to its chain's tail in `number` steps."""
    if not 1 <= given.number <= LINKS_MAX or len(given.signature) != 64:
        raise RoundWrong("not a link of a local chain")
    if link_of(bytes.fromhex(given.signature), given.number).hex() != given.chain_hash:
        raise RoundWrong("the revealed value does not lead to the tail of the chain")
