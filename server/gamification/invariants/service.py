"""Checking every invariant that applies to what is built so far."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from server.core.crypto import Vault
from server.gamification.invariants import (
    announcements,
    badges,
    balances,
    causes,
    chains,
    challenges,
    counters,
    games,
    grants,
    holds,
    lots,
    messages,
    nights,
    raffle_draws,
    raffles,
    receipts,
    reversals,
    seals,
    standings,
    star_cards,
    streaks,
    transfers,
    vouchers,
)
from server.gamification.invariants.declaring import Invariant
from server.gamification.invariants.types import Setting, Violation

INVARIANTS: tuple[Invariant, ...] = (
    *balances.INVARIANTS,
    *lots.INVARIANTS,
    *holds.INVARIANTS,
    *reversals.INVARIANTS,
    *causes.INVARIANTS,
    *chains.INVARIANTS,
    *receipts.INVARIANTS,
    *announcements.INVARIANTS,
    *standings.INVARIANTS,
    *counters.INVARIANTS,
    *badges.INVARIANTS,
    *star_cards.INVARIANTS,
    *challenges.INVARIANTS,
    *streaks.INVARIANTS,
    *vouchers.INVARIANTS,
    *transfers.INVARIANTS,
    *raffles.INVARIANTS,
    *raffle_draws.INVARIANTS,
    *grants.INVARIANTS,
    *games.INVARIANTS,
    *nights.INVARIANTS,
    *messages.INVARIANTS,
    *seals.INVARIANTS,
)


def check_all(
    tx: Connection,
    now: datetime,
    trusted: Sequence[str] | None = None,
    vault: Vault | None = None,
) -> list[Violation]:
    """Return every invariant that does not hold; empty is good. Reads only.

    `tx` should see one state of the data: a transaction on SQLite, `snapshot()` on PostgreSQL.
    """
    return [found for _, found in check_each(tx, Setting(now, trusted, vault)) if found]


def check_each(tx: Connection, setting: Setting) -> Iterator[tuple[Invariant, Violation | None]]:
    """Yield every invariant with its violation or None, one after the other."""
    for invariant in INVARIANTS:
        yield invariant, invariant.violation(tx, setting)
