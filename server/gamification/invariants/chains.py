"""L5 and L10: nothing written was changed, and the chains and checkpoints prove it."""

from collections.abc import Iterable

from sqlalchemy import Connection, select, text

from server.core.walking import walk
from server.gamification.invariants.declaring import Invariant
from server.gamification.invariants.types import Setting
from server.gamification.ledger.chain import note_hash
from server.gamification.ledger.models import TRANSFER, TRANSFER_NOTE
from server.gamification.proofs.checkpoints import checkpoint_faults
from server.gamification.proofs.verification import ledger_faults

_KEPT = ("transfer", "lot_draw", "checkpoint", "checkpoint_head", "audit_entry")
_REFUSED = {"sqlite": ("update", "delete", "replace"), "postgresql": ("change", "truncate")}
_GUARDS = {
    dialect: {f"{table}_no_{verb}" for table in _KEPT for verb in verbs}
    for dialect, verbs in _REFUSED.items()
}
_FOUND = {
    "sqlite": text("SELECT name FROM sqlite_master WHERE type = 'trigger'"),
    "postgresql": text(
        "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        r" WHERE t.tgname LIKE c.relname || '\_no\_%' AND t.tgenabled IN ('O', 'A')"
    ),
}
_NOTES = select(
    TRANSFER_NOTE.c.transfer_id,
    TRANSFER_NOTE.c.salt,
    TRANSFER_NOTE.c.text,
    TRANSFER.c.note_hash,
).join(TRANSFER, TRANSFER.c.id == TRANSFER_NOTE.c.transfer_id)


def _missing_guards(tx: Connection, _setting: Setting) -> Iterable[str]:
    name = tx.dialect.name
    return sorted(_GUARDS[name] - set(tx.execute(_FOUND[name]).scalars()))


def _faults(tx: Connection, _setting: Setting) -> Iterable[str]:
    return (str(fault) for fault in ledger_faults(tx))


def _checkpoint_faults(tx: Connection, setting: Setting) -> Iterable[str]:
    return (str(fault) for fault in checkpoint_faults(tx, setting.trusted))


def _changed_notes(tx: Connection, _setting: Setting) -> Iterable[str]:
    for row in walk(tx, _NOTES, [TRANSFER_NOTE.c.transfer_id]):
        if row.note_hash != note_hash(row.salt, row.text):
            yield row.transfer_id


INVARIANTS = (
    Invariant(
        "L5", "The database refuses to change or delete what was written once.", _missing_guards
    ),
    Invariant("L10", "Every wallet's chain of hashes holds.", _faults),
    Invariant("L10", "The checkpoints hold, and the ledger against them.", _checkpoint_faults),
    Invariant("L10", "The note of a transfer is the one that was written.", _changed_notes),
)
