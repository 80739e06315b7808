"""Whole raffles, drawn by the product, as the two public files that anybody can check."""

import json
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from server.core.crypto import Vault
from server.gamification.beacons.rules import link_of, randomness_of
from server.gamification.beacons.types import Round, Source
from server.gamification.draws.drawing import draw
from server.gamification.draws.manifest import sign_manifest, sign_void
from server.gamification.draws.pool import entries_csv, sealed_lines
from server.gamification.draws.proof import Sealed, VoidList, proof_of
from server.gamification.draws.seed import seed_of
from server.gamification.draws.types import Manifest, Scope, Ticket, Void
from tests.builders.pools import ROUND, make_manifest, make_pool

VAULT = Vault("a secret of this installation only, for tests")
REASONS = ("erased", "fraud", "ineligible", "отозван", 'quote " and \\ and\ttab')


@dataclass(frozen=True)
class Published:
    """The proof as a document, and the list of entries as a text."""

    proof: dict[str, Any]
    entries: str

    def files(self) -> list[Any]:
        """Return both as the verifiers in JavaScript take them."""
        return [self.proof, self.entries]


def publish(
    manifest: Manifest, pool: list[Ticket], of_round: Round, void: tuple[Void, ...] = ()
) -> Published:
    """Draw a raffle and return what is published of it."""
    seed = seed_of(manifest, of_round)
    voided = VoidList(void, sign_void(manifest.raffle_id, void, VAULT) if void else None)
    sealed = Sealed(manifest, sign_manifest(manifest, VAULT))
    drawn = draw(manifest, pool, seed, void)
    proof = proof_of(sealed, of_round, seed, drawn, voided, "/entries.csv")
    csv = b"".join(entries_csv(sealed_lines(pool))).decode()
    return Published(json.loads(json.dumps(proof)), csv)


def golden() -> Published:
    """Return the raffle whose files are kept beside the tests."""
    pool = make_pool([1, 1, 2, 3, 5, 8, 1, 1, 2, 4, 1, 1], seed=20261123)
    void = (
        Void(Scope.TICKET, pool[7].id, "refunded"),
        Void(Scope.ENTRANT, pool[0].entrant, "erased"),
    )
    return publish(make_manifest(pool, 3, "rfl_golden"), pool, ROUND, void)


def random_raffle(number: int) -> Published:
    """Return a drawn raffle that is another one for each number."""
    random = Random(number)
    pool = make_pool([random.randint(1, 6) for _ in range(random.randint(1, 12))], seed=number)
    pool = [replace(one, nonce=random.choice(["", random.randbytes(16).hex()])) for one in pool]
    given = local_round(random)
    manifest = replace(
        make_manifest(pool, random.randint(1, 5), f"rfl_{number}"),
        rules_hash=random.randbytes(32).hex(),
        ledger_checkpoint=random.randbytes(32).hex(),
        chain_hash=given.chain_hash,
        round=given.number,
    )
    return publish(manifest, pool, given, random_void(random, pool))


def local_round(random: Random) -> Round:
    """Return a link of a short local chain."""
    link, number = random.randbytes(32), random.randint(1, 5)
    text = link.hex()
    tail = link_of(link, number).hex()
    return Round(Source.LOCAL, tail, number, text, randomness_of(text))


def random_void(random: Random, pool: list[Ticket]) -> tuple[Void, ...]:
    """Return nothing, or some tickets and entrants, each once."""
    gone = random.sample(pool, random.choice([0, 0, 1, 2, 3]) % (len(pool) + 1))
    entries = {
        (Scope.TICKET, one.id) if random.random() < 0.5 else (Scope.ENTRANT, one.entrant)
        for one in gone
    }
    return tuple(Void(scope, one, random.choice(REASONS)) for scope, one in sorted(entries))
