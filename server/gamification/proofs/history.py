"""Where points came from and where they went: statements, and lots traced to their origin."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.core.errors import NotFound
from server.core.walking import walk
from server.gamification.ledger.models import LOT, LOT_DRAW, TRANSFER, TRANSFER_NOTE, WALLET

_OF_MEMBER = (
    select(TRANSFER)
    .join(WALLET, WALLET.c.id == TRANSFER.c.wallet_id)
    .where(WALLET.c.member_id == bindparam("member_id"))
)
_TRANSFER = (
    select(TRANSFER, TRANSFER_NOTE.c.text.label("note"))
    .join(TRANSFER_NOTE, TRANSFER_NOTE.c.transfer_id == TRANSFER.c.id, isouter=True)
    .where(TRANSFER.c.id == bindparam("id"))
)
_LOT = select(LOT).where(LOT.c.id == bindparam("id"))
_OPENED = select(LOT).where(LOT.c.source_transfer_id == bindparam("id")).order_by(LOT.c.id)
_DRAWN = (
    select(LOT, LOT_DRAW.c.amount.label("drawn"))
    .join(LOT_DRAW, LOT_DRAW.c.lot_id == LOT.c.id)
    .where(LOT_DRAW.c.transfer_id == bindparam("id"))
    .order_by(LOT.c.expires_at, LOT.c.earned_at, LOT.c.id)
)
_USES = (
    select(TRANSFER, LOT_DRAW.c.amount.label("drawn"))
    .join(LOT_DRAW, LOT_DRAW.c.transfer_id == TRANSFER.c.id)
    .where(LOT_DRAW.c.lot_id == bindparam("id"))
    .order_by(TRANSFER.c.wallet_version)
)


@dataclass(frozen=True, slots=True)
class Origin:
    """A lot (row), the lots it replaces as grace, and the transfer (row) that first gave it."""

    lot: Any
    replaced: tuple[Any, ...]
    source: Any


def walk_statement(tx: Connection, member_id: str) -> Iterator[Any]:
    """Yield the rows of a member's transfers in all units, by wallet and version."""
    keys = [TRANSFER.c.wallet_id, TRANSFER.c.wallet_version]
    return walk(tx, _OF_MEMBER, keys, {"member_id": member_id})


def get_transfer(tx: Connection, transfer_id: str) -> Any:
    """Return the row of a transfer with its `note`. Raise `NotFound`."""
    row = tx.execute(_TRANSFER, {"id": transfer_id}).first()
    if row is None:
        raise NotFound("There is no such transfer.")
    return row


def list_opened_lots(tx: Connection, transfer_id: str) -> list[Any]:
    """Return the rows of lots that a transfer opened."""
    return list(tx.execute(_OPENED, {"id": transfer_id}))


def list_drawn_lots(tx: Connection, transfer_id: str) -> list[Any]:
    """Return the rows of lots that a transfer took from, with `drawn` (negative: gave back)."""
    return list(tx.execute(_DRAWN, {"id": transfer_id}))


def list_uses(tx: Connection, lot_id: str) -> list[Any]:
    """Return the rows of transfers that drew from a lot, with `drawn`, oldest first."""
    return list(tx.execute(_USES, {"id": lot_id}))


def origin_of(tx: Connection, lot: Any) -> Origin:
    """Return where a lot's points were first given, back through the lots it replaces."""
    first, replaced = lot, []
    while first.replaces_id is not None:
        first = tx.execute(_LOT, {"id": first.replaces_id}).one()
        replaced.append(first)
    return Origin(lot, tuple(replaced), get_transfer(tx, first.source_transfer_id))
