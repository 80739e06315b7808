"""Reading wallets, transfers and heads in the order of their ids."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, or_, select

from server.core.columns import among
from server.core.errors import NotFound
from server.core.walking import walk
from server.gamification.ledger.models import LOT, TRANSFER, WALLET
from server.gamification.proofs.models import CHECKPOINT, CHECKPOINT_HEAD
from server.gamification.proofs.types import Checkpoint, Head

_LATER = CHECKPOINT_HEAD.alias("later")
_SUPERSEDED = (
    select(_LATER.c.version)
    .where(
        _LATER.c.wallet_id == CHECKPOINT_HEAD.c.wallet_id,
        _LATER.c.version > CHECKPOINT_HEAD.c.version,
        _LATER.c.number <= bindparam("number"),
    )
    .exists()
)
_HEADS = select(CHECKPOINT_HEAD).where(
    CHECKPOINT_HEAD.c.number <= bindparam("number"), ~_SUPERSEDED
)
_HEAD_VERSION = (
    select(func.coalesce(func.max(CHECKPOINT_HEAD.c.version), 0))
    .where(
        CHECKPOINT_HEAD.c.wallet_id == WALLET.c.id,
        CHECKPOINT_HEAD.c.number <= bindparam("number"),
    )
    .scalar_subquery()
)
_MOVED = WALLET.c.version > _HEAD_VERSION
_WALLETS = select(WALLET)
_TRANSFERS = select(TRANSFER)
_AS_OPENED: ColumnElement[datetime] = case(
    (LOT.c.redated_at.is_not(None), LOT.c.first_expires_at), else_=LOT.c.expires_at
)
_OPENED = select(
    *(column for column in LOT.c if column.name != "expires_at"), _AS_OPENED.label("expires_at")
).where(among(LOT.c.source_transfer_id, "ids"))
_CHECKPOINTS = select(CHECKPOINT)
_NEWEST = _CHECKPOINTS.order_by(CHECKPOINT.c.number.desc()).limit(1)
_BY_NUMBER = _CHECKPOINTS.where(CHECKPOINT.c.number == bindparam("number"))
_COUNT = select(func.count()).select_from(TRANSFER)
_ALTERED = (
    select(
        CHECKPOINT_HEAD.c.wallet_id,
        CHECKPOINT_HEAD.c.version,
        CHECKPOINT_HEAD.c.number,
        TRANSFER.c.id.label("transfer_id"),
    )
    .join(
        TRANSFER,
        and_(
            TRANSFER.c.wallet_id == CHECKPOINT_HEAD.c.wallet_id,
            TRANSFER.c.wallet_version == CHECKPOINT_HEAD.c.version,
        ),
        isouter=True,
    )
    .where(or_(TRANSFER.c.id.is_(None), TRANSFER.c.hash != CHECKPOINT_HEAD.c.head_hash))
)
_HASH_AT = select(TRANSFER.c.id, TRANSFER.c.hash).where(
    TRANSFER.c.wallet_id == bindparam("wallet_id"),
    TRANSFER.c.wallet_version == bindparam("version"),
)


def walk_wallets(tx: Connection, moved_since: int | None = None) -> Iterator[Any]:
    """Yield rows of wallets by id; only those that moved after that checkpoint, if given."""
    if moved_since is None:
        return walk(tx, _WALLETS, [WALLET.c.id])
    return walk(tx, _WALLETS.where(_MOVED), [WALLET.c.id], {"number": moved_since})


def walk_transfers(tx: Connection, moved_since: int | None = None) -> Iterator[Any]:
    """Yield rows of transfers by wallet and version, of the wallets of `walk_wallets`."""
    keys = [TRANSFER.c.wallet_id, TRANSFER.c.wallet_version]
    if moved_since is None:
        return walk(tx, _TRANSFERS, keys)
    moved = _TRANSFERS.join(WALLET, WALLET.c.id == TRANSFER.c.wallet_id).where(_MOVED)
    return walk(tx, moved, keys, {"number": moved_since})


def opened_lots(tx: Connection, transfer_ids: Sequence[str]) -> dict[str, list[Any]]:
    """Return the lots that these transfers opened, as they were opened, by transfer."""
    opened: dict[str, list[Any]] = {}
    for row in tx.execute(_OPENED, {"ids": list(transfer_ids)}):
        opened.setdefault(row.source_transfer_id, []).append(row)
    return opened


def walk_heads(tx: Connection, number: int) -> Iterator[Head]:
    """Yield the heads of all wallets at a checkpoint, by wallet id."""
    rows = walk(tx, _HEADS, [CHECKPOINT_HEAD.c.wallet_id], {"number": number})
    return (Head(row.wallet_id, row.version, row.head_hash) for row in rows)


def walk_altered_heads(tx: Connection) -> Iterator[Any]:
    """Yield the heads of any checkpoint whose transfer is gone or has another hash today."""
    keys = [CHECKPOINT_HEAD.c.wallet_id, CHECKPOINT_HEAD.c.version]
    return walk(tx, _ALTERED, keys)


def walk_checkpoints(tx: Connection) -> Iterator[Checkpoint]:
    """Yield all checkpoints by number."""
    return (checkpoint_of(row) for row in walk(tx, _CHECKPOINTS, [CHECKPOINT.c.number]))


def find_newest(tx: Connection) -> Checkpoint | None:
    """Return the newest checkpoint, or None before the first."""
    row = tx.execute(_NEWEST).first()
    return checkpoint_of(row) if row else None


def get_checkpoint(tx: Connection, number: int) -> Checkpoint:
    """Return a checkpoint by its number. Raise `NotFound`."""
    row = tx.execute(_BY_NUMBER, {"number": number}).first()
    if row is None:
        raise NotFound(f"There is no checkpoint {number}.")
    return checkpoint_of(row)


def checkpoint_of(row: Any) -> Checkpoint:
    """Turn a row of `checkpoint` into the value that was signed."""
    return Checkpoint(
        row.number,
        row.taken_at,
        row.wallets,
        row.root,
        row.previous_root,
        row.public_key,
        row.signature,
    )


def find_hash(tx: Connection, wallet_id: str, version: int) -> Any:
    """Return id and hash of a wallet's transfer of that version, or None."""
    return tx.execute(_HASH_AT, {"wallet_id": wallet_id, "version": version}).first()


def count_transfers(tx: Connection) -> int:
    """Return how many transfers there are."""
    return int(tx.execute(_COUNT).scalar_one())
