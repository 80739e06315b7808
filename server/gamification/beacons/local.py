"""The local source, where there is no internet: a hash chain whose tail is published beforehand.

Each link is the SHA-256 of the next one. Whoever has the tail can check every link that is
revealed, and nobody without the secret can know the next. Whoever runs the installation knows all
of them: the result says "operator-trusted". What entrants throw in is in the pool's root, so that
it changes the seed.

A number is given out when a raffle is sealed, never before: revealing a link gives away all links
before it, so the raffles that use those must be sealed already.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from server.core.crypto import SealBroken, Vault
from server.core.ids import new_id
from server.gamification.beacons.errors import RoundLate
from server.gamification.beacons.models import LOCAL_CHAIN
from server.gamification.beacons.rules import DELTA, link_of, randomness_of
from server.gamification.beacons.types import Fixed, Round, Source

LENGTH = 1000
_ALL = select(LOCAL_CHAIN).order_by(LOCAL_CHAIN.c.id)
_NEWEST = select(LOCAL_CHAIN).order_by(LOCAL_CHAIN.c.id.desc()).limit(1)
_BY_TAIL = select(LOCAL_CHAIN).where(LOCAL_CHAIN.c.tail == bindparam("of_tail"))
_TAKE = (
    update(LOCAL_CHAIN)
    .where(
        LOCAL_CHAIN.c.id == bindparam("of_id"), LOCAL_CHAIN.c.next_number <= LOCAL_CHAIN.c.length
    )
    .values(next_number=LOCAL_CHAIN.c.next_number + 1)
    .returning(LOCAL_CHAIN.c.next_number)
)
_INSERT = insert(LOCAL_CHAIN)


class LocalBeacon:
    """The chain of this installation, in one transaction. Both ends of its life are in `Beacon`."""

    source = Source.LOCAL
    fixed_at_sealing = True

    def __init__(self, tx: Connection, vault: Vault) -> None:
        self._tx, self._vault = tx, vault

    def fix(self, closes_at: datetime, now: datetime) -> Fixed:
        """Give out the next number; for the transaction that seals a raffle."""
        chain = current_chain(self._tx, self._vault, now)
        taken = self._tx.execute(_TAKE, {"of_id": chain.id}).scalar()
        if taken is None:  # used up: the next chain is published now
            chain = publish_chain(self._tx, self._vault, now)
            taken = self._tx.execute(_TAKE, {"of_id": chain.id}).scalar_one()
        return Fixed(self.source, chain.tail, int(taken) - 1)

    def draws_at(self, closes_at: datetime) -> datetime:
        """Return when the link is revealed: as long after the close as with drand."""
        return closes_at + DELTA

    def fetch(self, fixed: Fixed) -> Round:
        """Reveal a link that was given out. Raise `RoundLate` for any other."""
        chain = self._tx.execute(_BY_TAIL, {"of_tail": fixed.chain_hash}).first()
        if chain is None or not 1 <= fixed.number < chain.next_number:
            raise RoundLate(f"link {fixed.number} is given out to no sealed raffle")
        link = link_of(_end_of(chain, self._vault), chain.length - fixed.number).hex()
        return Round(self.source, chain.tail, fixed.number, link, randomness_of(link))


def current_chain(tx: Connection, vault: Vault, now: datetime) -> Any:
    """Return the row of the newest chain; the first one is made when there is none."""
    return tx.execute(_NEWEST).first() or publish_chain(tx, vault, now)


def publish_chain(tx: Connection, vault: Vault, now: datetime, length: int = LENGTH) -> Any:
    """Make a chain and return its row: from now on its tail binds the installation."""
    end, chain_id = secrets.token_bytes(32), new_id("lch", now)
    row = {
        "id": chain_id,
        "length": length,
        "tail": link_of(end, length).hex(),
        "sealed_end": vault.seal(end.hex(), context_of(chain_id)),
        "next_number": 1,
        "published_at": now,
    }
    tx.execute(_INSERT, row)
    return tx.execute(_NEWEST).one()


def broken_chains(tx: Connection, vault: Vault) -> Iterator[str]:
    """Yield the ids of chains whose secret end does not lead to the tail that was published."""
    for chain in tx.execute(_ALL):
        try:
            tail = link_of(_end_of(chain, vault), chain.length).hex()
        except (SealBroken, ValueError):
            tail = ""
        if tail != chain.tail:
            yield chain.id


def context_of(chain_id: str) -> str:
    """Return what binds the secret end of a chain to its row."""
    return f"local_chain:{chain_id}"


def _end_of(chain: Any, vault: Vault) -> bytes:
    return bytes.fromhex(vault.open(chain.sealed_end, context_of(chain.id)))
