"""Taking checkpoints, exporting them, and holding the ledger against them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select

from server.core.crypto import Vault
from server.core.ids import new_id
from server.gamification.ledger.chain import GENESIS, canonical_instant
from server.gamification.ledger.models import WALLET
from server.gamification.proofs import queries
from server.gamification.proofs.models import CHECKPOINT, CHECKPOINT_HEAD
from server.gamification.proofs.rules import (
    FORMAT,
    root_of,
    statement_of,
    why_not_next,
    why_not_signed,
)
from server.gamification.proofs.types import Checkpoint, Fault, Head

PURPOSE = "ledger-checkpoint"
_KNOWN_VERSION = (
    select(func.coalesce(func.max(CHECKPOINT_HEAD.c.version), 0))
    .where(CHECKPOINT_HEAD.c.wallet_id == WALLET.c.id)
    .scalar_subquery()
)
_INSERT = insert(CHECKPOINT)
_COUNTED = {"preserve_rowcount": True}
_NEW_HEADS = insert(CHECKPOINT_HEAD).from_select(
    ["wallet_id", "version", "number", "head_hash"],
    select(
        WALLET.c.id,
        WALLET.c.version,
        bindparam("of_number", type_=CHECKPOINT_HEAD.c.number.type),
        WALLET.c.head_hash,
    ).where(WALLET.c.version > _KNOWN_VERSION),
)


def take_checkpoint(tx: Connection, vault: Vault, now: datetime) -> Checkpoint | None:
    """Sign how all wallets stand now; return the checkpoint, or None when nothing has moved."""
    last = queries.find_newest(tx)
    number = last.number + 1 if last else 1
    moved = tx.execute(_NEW_HEADS, {"of_number": number}, execution_options=_COUNTED).rowcount
    if not moved:
        return None
    root, wallets = root_of(queries.walk_heads(tx, number))
    unsigned = Checkpoint(number, now, wallets, root, last.root if last else GENESIS)
    signed = _signed(unsigned, vault)
    fields = {name: getattr(signed, name) for name in Checkpoint.__dataclass_fields__}
    tx.execute(_INSERT, {"id": new_id("chk", now), **fields})
    return signed


def _signed(checkpoint: Checkpoint, vault: Vault) -> Checkpoint:
    key = vault.signing_key(PURPOSE)
    return replace(
        checkpoint,
        public_key=key.public_key().public_bytes_raw().hex(),
        signature=key.sign(statement_of(checkpoint)).hex(),
    )


def checkpoint_faults(tx: Connection, trusted: Sequence[str] | None = None) -> Iterator[Fault]:
    """Yield what is wrong with the checkpoints, or with the ledger when held against them.

    `trusted` are public keys (hex) of which one must have signed the newest checkpoint: it covers
    all history before it, so older ones may be of a key that is long forgotten.
    """
    before: Checkpoint | None = None
    for checkpoint in queries.walk_checkpoints(tx):
        found = (why_not_next(before, checkpoint), why_not_signed(checkpoint, None))
        yield from (fault for fault in found if fault)
        before = checkpoint
    yield from altered_heads(tx)
    if before is not None:
        yield from _newest_faults(tx, before, trusted)


def _newest_faults(
    tx: Connection, newest: Checkpoint, trusted: Sequence[str] | None
) -> Iterator[Fault]:
    fault = why_not_signed(newest, trusted)
    if fault is not None and trusted is not None:
        yield fault
    found = root_of(queries.walk_heads(tx, newest.number))
    if found != (newest.root, newest.wallets):
        yield Fault(f"checkpoint {newest.number}: its heads do not give its root")


def altered_heads(tx: Connection) -> Iterator[Fault]:
    """Yield the wallets that have not kept the history which a checkpoint saw."""
    for row in queries.walk_altered_heads(tx):
        head = Head(row.wallet_id, row.version, "")
        yield _altered(head, row.number, row.transfer_id)


def _altered(head: Head, number: int, transfer_id: str | None) -> Fault:
    if transfer_id is None:
        what = f"movement {head.version}, seen by checkpoint {number}, is gone"
    else:
        what = f"the history up to here is not the one that checkpoint {number} saw"
    return Fault(what, head.wallet_id, transfer_id)


def export_checkpoint(tx: Connection, checkpoint: Checkpoint) -> Iterator[bytes]:
    """Yield the pieces of a JSON document: the signed statement and the heads it is made of."""
    fields: dict[str, Any] = {"format": FORMAT}
    fields |= {name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__}
    fields["taken_at"] = canonical_instant(checkpoint.taken_at)
    yield orjson.dumps(fields)[:-1] + b',"heads":['
    for index, head in enumerate(queries.walk_heads(tx, checkpoint.number)):
        row = orjson.dumps([head.wallet_id, head.version, head.head_hash])
        yield (b",\n" if index else b"\n") + row
    yield b"\n]}\n"


def load_export(document: bytes) -> tuple[Checkpoint, list[Head]]:
    """Return what `export_checkpoint` wrote. Raise `ValueError`."""
    try:
        fields = orjson.loads(document)
        heads = [Head(str(wallet), int(version), str(h)) for wallet, version, h in fields["heads"]]
        known = {name: fields[name] for name in Checkpoint.__dataclass_fields__}
        known["taken_at"] = datetime.fromisoformat(known["taken_at"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("not an exported checkpoint") from error
    return Checkpoint(**known), heads


def export_faults(
    tx: Connection, document: bytes, trusted: Sequence[str] | None = None
) -> Iterator[Fault]:
    """Yield what is wrong with an exported checkpoint, or with the ledger held against it.

    A database that was set back to an older state has lost movements that the export saw.
    """
    try:
        checkpoint, heads = load_export(document)
    except ValueError as error:
        yield Fault(f"the file is {error}")
        return
    fault = why_not_signed(checkpoint, trusted)
    if fault is not None:
        yield fault
    if root_of(heads) != (checkpoint.root, checkpoint.wallets):
        yield Fault(f"checkpoint {checkpoint.number}: its heads do not give its root")
    for head in heads:
        row = queries.find_hash(tx, head.wallet_id, head.version)
        if row is None or row.hash != head.head_hash:
            yield _altered(head, checkpoint.number, row.id if row else None)
