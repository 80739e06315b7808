"""Does the secret open what the database keeps sealed: at the start of a process and in `check`."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, select

from server.core.crypto import SealBroken, Vault
from server.core.secret_mark import MarkState, SecretDiffers, mark_state, write_mark
from server.gamification.beacons import local
from server.gamification.beacons.models import LOCAL_CHAIN
from server.gamification.cards import service as cards
from server.gamification.cards.models import CARD
from server.gamification.games import editions
from server.gamification.games.models import GAME_EDITION
from server.gamification.invariants.declaring import Invariant
from server.gamification.invariants.types import Setting
from server.gamification.members import queries as members
from server.gamification.members.models import MEMBER_IDENTIFIER
from server.gamification.partners import assertions
from server.gamification.partners.models import PARTNER

SAMPLE = 20
"""How many of the oldest values and how many of the newest are opened, of each kind."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A column of sealed values and what binds each to its row."""

    table: Table
    column: str
    context_of: Callable[[str], str]


_KINDS = (
    _Kind(MEMBER_IDENTIFIER, "value_sealed", members.context_of),
    _Kind(CARD, "qr_secret_sealed", cards.context_of),
    _Kind(LOCAL_CHAIN, "sealed_end", local.context_of),
    _Kind(GAME_EDITION, "seed_sealed", editions.context_of),
    _Kind(PARTNER, "assertion_secret_sealed", assertions.context_of),
)


def refuse_other_secret(tx: Connection, vault: Vault) -> MarkState:
    """Return what the mark says; a database without one is judged by what opens. Only reads.

    Raise `SecretDiffers`.
    """
    state = mark_state(tx, vault)
    is_closed = state is MarkState.MISSING and any(_closed(tx, vault))
    if state is MarkState.OTHER or is_closed:
        raise SecretDiffers
    return state


def adopt_secret(tx: Connection, vault: Vault, now: datetime) -> None:
    """Leave the mark of the secret where it is missing or of the previous one.

    Raise `SecretDiffers`.
    """
    state = refuse_other_secret(tx, vault)
    if state in {MarkState.MISSING, MarkState.CHANGED}:
        write_mark(tx, vault, now)
        refuse_other_secret(tx, vault)


def _closed(tx: Connection, vault: Vault) -> Iterator[str]:
    """Yield the ids of the sampled rows whose sealed value does not open."""
    for kind in _KINDS:
        for row_id, sealed in _sample(tx, kind):
            try:
                vault.open(sealed, kind.context_of(row_id))
            except SealBroken:
                yield row_id


def _sample(tx: Connection, kind: _Kind) -> Iterator[tuple[str, str]]:
    row_id, sealed = kind.table.c.id, kind.table.c[kind.column]
    found = select(row_id, sealed).where(sealed.is_not(None)).limit(SAMPLE)
    for order in (row_id, row_id.desc()):
        for row in tx.execute(found.order_by(order)):
            yield row[0], row[1]


def _found(tx: Connection, setting: Setting) -> Iterable[str]:
    return () if setting.vault is None else dict.fromkeys(_closed(tx, setting.vault))


def _loose(tx: Connection, setting: Setting) -> Iterable[str]:
    return () if setting.vault is None else local.broken_chains(tx, setting.vault)


INVARIANTS = (
    Invariant("V2", "The secret opens the oldest and the newest of the sealed values.", _found),
    Invariant("V3", "The secret end of a local chain leads to its published tail.", _loose),
)
