"""Pools of tickets and their manifests, the same ones for the same seed."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from server.gamification.beacons.types import Round, Source
from server.gamification.draws.checks import consolation_prizes
from server.gamification.draws.pool import root_of, sealed_lines
from server.gamification.draws.types import Manifest, Ticket

ROUND = Round(
    Source.FIXTURE,
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    657413,
    "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be"
    "41076862b98fad56e91a6b85b89cd97b",
    "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
)
"""A recorded round of drand's quicknet."""


def make_pool(counts: Sequence[int], seed: int = 1) -> list[Ticket]:
    """Return the tickets of entrants who hold so many each."""
    random = Random(seed)
    tickets = []
    for count in counts:
        entrant = random.randbytes(32).hex()
        tickets += [Ticket(random.randbytes(16).hex(), entrant) for _ in range(count)]
    return tickets


def make_manifest(
    tickets: Sequence[Ticket], main_prizes: int = 2, raffle_id: str = "rfl_one"
) -> Manifest:
    """Return the manifest that seals `tickets`, with just enough consolation prizes."""
    entrants = len({one.entrant for one in tickets})
    return Manifest(
        raffle_id=raffle_id,
        rules_hash="ab" * 32,
        entrants=entrants,
        tickets=len(tickets),
        main_prizes=main_prizes,
        consolation_prizes=consolation_prizes(entrants, main_prizes),
        pool_root=root_of(sealed_lines(tickets)),
        ledger_checkpoint="cd" * 32,
        chain_hash=ROUND.chain_hash,
        round=ROUND.number,
    )


def with_signature(signature: str) -> Round:
    """Return the recorded round as if it had another signature, for other seeds."""
    return replace(ROUND, signature=signature)
