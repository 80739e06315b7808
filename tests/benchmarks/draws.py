"""A raffle sealed, drawn and proved beside the leanest hand-written hashing of the same tickets."""

import hashlib
import hmac
import time
from collections.abc import Callable
from math import nan
from random import Random
from typing import TypeVar

import orjson

from server.core.crypto import Vault
from server.gamification.draws.drawing import draw
from server.gamification.draws.manifest import sign_manifest
from server.gamification.draws.pool import sealed_lines
from server.gamification.draws.proof import Sealed, VoidList, proof_of
from server.gamification.draws.seed import seed_of
from server.gamification.draws.types import Manifest, Ticket
from tests.benchmarks.load import Hits
from tests.benchmarks.measures import Result
from tests.builders.pools import ROUND, make_manifest

NAME = "draw of tickets"
EACH = 5
Made = TypeVar("Made")
_VAULT = Vault("a secret of the benchmark, which belongs to no installation")


def measure_draw(tickets: int) -> Result:
    """Seal, draw and prove a pool on one side, and only hash and sort it on the other."""
    pool = _pool(tickets)
    lines = sealed_lines(pool)
    manifest, ours = _timed(lambda: _whole(pool))
    by_hand, beside = _timed(lambda: _by_hand(pool, lines, seed_of(manifest, ROUND)))
    assert by_hand == manifest.pool_root
    rates = [Hits(tickets / seconds, nan, nan) for seconds in (ours, beside)]
    return Result(f"{NAME}, {tickets:,}", 0.3, rates[0], rates[1], beside / ours, nan)


def _pool(tickets: int) -> list[Ticket]:
    random = Random(1)
    entrants = [random.randbytes(32).hex() for _ in range(tickets // EACH)]
    return [Ticket(random.randbytes(16).hex(), random.choice(entrants)) for _ in range(tickets)]


def _whole(pool: list[Ticket]) -> Manifest:
    manifest = make_manifest(pool, 100)
    seed = seed_of(manifest, ROUND)
    drawn = draw(manifest, pool, seed)
    sealed = Sealed(manifest, sign_manifest(manifest, _VAULT))
    orjson.dumps(proof_of(sealed, ROUND, seed, drawn, VoidList(), "/entries.csv"))
    return manifest


def _by_hand(pool: list[Ticket], lines: list[str], seed: bytes) -> str:
    """Order the tickets and hash the tree; nobody is looked up, nothing is checked."""
    sorted(hmac.digest(seed, b"main|" + one.id.encode(), "sha256") for one in pool)
    level = [hashlib.sha256(b"\0" + line.encode()).digest() for line in lines]
    while len(level) > 1:
        lone = level[-1:] if len(level) % 2 else []
        level = [
            hashlib.sha256(b"\1" + a + b).digest()
            for a, b in zip(level[::2], level[1::2], strict=False)
        ] + lone
    return level[0].hex()


def _timed(work: Callable[[], Made]) -> tuple[Made, float]:
    start = time.process_time()
    made = work()
    return made, time.process_time() - start
