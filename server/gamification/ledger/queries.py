"""Reading and locking wallets, lots and holds. Statements are built once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    union_all,
)

from server.core.columns import UTCDateTime, among
from server.core.statements import Later, Prepared
from server.gamification.ledger.models import LOT, LOT_DRAW, TRANSFER, WALLET
from server.gamification.ledger.rules import spend_order
from server.gamification.ledger.types import Kind, Lot, LotDraw, Wallet

_BY_OWNER = and_(WALLET.c.member_id == bindparam("member_id"), WALLET.c.unit == bindparam("unit"))
_is_open = and_(LOT.c.wallet_id == WALLET.c.id, LOT.c.remaining > 0)


def _soonest(instant: Any, is_what: Any) -> Any:
    """Return the soonest instant of a wallet's lots, to be compared with what is due.

    Given an instant to look for, PostgreSQL plans anew each time, and through everybody's lots.
    """
    found = select(instant).where(_is_open, is_what, instant.is_not(None))
    return found.order_by(instant).limit(1).scalar_subquery()


_AT = bindparam("now", type_=UTCDateTime)
_IS_IDLE = WALLET.c.idle_at <= _AT
HAS_DUE = or_(
    _soonest(LOT.c.expires_at, ~LOT.c.is_pending) <= _AT,
    _soonest(LOT.c.available_at, LOT.c.is_pending) <= _AT,
    _IS_IDLE,
).label("has_due")
"""Whether anything of a wallet in the same query has come due at `now`; null is no."""

_LOCK = Prepared(select(*WALLET.c, HAS_DUE).where(_BY_OWNER).with_for_update(of=WALLET))
_LOCK_MANY = Prepared(
    select(*WALLET.c, HAS_DUE)
    .where(among(WALLET.c.member_id, "member_ids"), WALLET.c.unit == bindparam("unit"))
    .order_by(WALLET.c.id)
    .with_for_update(of=WALLET)
)
_LOCK_IDS = (
    select(WALLET.c.id)
    .where(
        WALLET.c.member_id.in_(bindparam("member_ids", expanding=True)),
        WALLET.c.unit == bindparam("unit"),
    )
    .order_by(WALLET.c.id)
    .with_for_update()
)
_READ = Prepared(select(WALLET).where(WALLET.c.member_id == bindparam("member_id")))
_OPEN_LOTS = Prepared(
    select(LOT).where(LOT.c.wallet_id == bindparam("wallet_id"), LOT.c.remaining > 0)
)
_LOTS_BY_ID = Prepared(select(LOT).where(among(LOT.c.id, "ids")))
# The movements of one spending: itself, its reversals, and those of the hold it captured. Debt
# settled on the way from returned points is a spending of its own.
_ITS_MOVEMENTS = and_(
    or_(
        TRANSFER.c.id == bindparam("transfer_id"),
        TRANSFER.c.reverses_id == bindparam("transfer_id"),
        and_(TRANSFER.c.ref_id == bindparam("hold_id"), TRANSFER.c.ref_kind == "hold"),
    ),
    TRANSFER.c.kind != Kind.SETTLEMENT,
)
_DRAWN = union_all(
    select(LOT_DRAW.c.lot_id, LOT_DRAW.c.amount)
    .join(TRANSFER, TRANSFER.c.id == LOT_DRAW.c.transfer_id)
    .where(_ITS_MOVEMENTS),
    select(LOT.c.replaces_id, -LOT.c.amount)
    .join(TRANSFER, TRANSFER.c.id == LOT.c.source_transfer_id)
    .where(_ITS_MOVEMENTS, LOT.c.replaces_id.is_not(None)),
).subquery()
_NET_DRAWS = (
    select(_DRAWN.c.lot_id, func.sum(_DRAWN.c.amount).label("amount"))
    .group_by(_DRAWN.c.lot_id)
    .having(func.sum(_DRAWN.c.amount) > 0)
)
_GONE = select(func.sum(LOT.c.remaining)).where(
    _is_open, ~LOT.c.is_pending, LOT.c.expires_at <= bindparam("now")
)
_SPENDABLE = Prepared(
    select(
        case((_IS_IDLE, 0), else_=WALLET.c.available).label("available"),
        case((_IS_IDLE, 0), else_=_GONE.scalar_subquery()).label("gone"),
    ).where(_BY_OWNER)
)


def lock_wallet_row(tx: Connection, member_id: str, unit: str, now: datetime) -> Any:
    """Lock and return the wallet's row with `has_due`, or None when there is none yet."""
    return _LOCK.first(tx, {"member_id": member_id, "unit": unit, "now": now})


def lock_wallet_rows(
    tx: Connection, member_ids: Sequence[str], unit: str, now: datetime
) -> list[Any]:
    """Lock the wallets of several members, ordered by wallet id so that no two can deadlock.

    Return the rows with `has_due`.
    """
    return _LOCK_MANY.all(tx, {"member_ids": list(member_ids), "unit": unit, "now": now})


def lock_wallets(tx: Connection, member_ids: Sequence[str], unit: str) -> list[str]:
    """Lock the wallets of several members in the one order; return the wallets' ids."""
    keys = {"member_ids": list(member_ids), "unit": unit}
    return list(tx.execute(_LOCK_IDS, keys).scalars())


def wallet_of(row: Any) -> Wallet:
    """Turn a wallet row into the mutable wallet of a book."""
    return Wallet(
        row.id,
        row.member_id,
        row.unit,
        row.available,
        row.pending,
        row.held,
        row.debt,
        row.lifetime_earned,
        row.version,
        row.head_hash,
        row.idle_at,
        row.idled_at,
    )


def lot_of(row: Any) -> Lot:
    """Turn a lot row into the mutable lot of a book."""
    return Lot(
        row.id,
        row.amount,
        row.remaining,
        row.is_pending,
        row.earned_at,
        row.available_at,
        row.expires_at,
        row.source_transfer_id,
        row.replaces_id,
    )


def list_open_lots(tx: Connection, wallet_id: str) -> list[Lot]:
    """Return the lots of a wallet that still hold points, pending ones included."""
    return [lot_of(row) for row in _OPEN_LOTS.all(tx, {"wallet_id": wallet_id})]


def list_lots(tx: Connection, ids: Sequence[str]) -> list[Lot]:
    """Return the lots of these ids, empty ones included."""
    return [lot_of(row) for row in _LOTS_BY_ID.all(tx, {"ids": list(ids)})] if ids else []


def list_wallets(tx: Connection, member_id: str) -> list[Wallet]:
    """Return a member's wallets as stored, one per unit."""
    return ask_wallets(tx, member_id)()


def ask_wallets(tx: Connection, member_id: str) -> Later[list[Wallet]]:
    """Send the question of `list_wallets`."""
    sent = _READ.send(tx, {"member_id": member_id})
    return lambda: [wallet_of(row) for row in sent.all()]


def net_draws(tx: Connection, transfer_id: str, hold_id: str = "") -> list[LotDraw]:
    """Return what a spending transfer (or its hold) still keeps from each lot, in spend order.

    What came back into a grace lot counts as returned to the lot that the grace lot replaces.
    """
    rows = tx.execute(_NET_DRAWS, {"transfer_id": transfer_id, "hold_id": hold_id}).all()
    lots = {lot.id: lot for lot in list_lots(tx, [row.lot_id for row in rows])}
    amounts = {row.lot_id: int(row.amount) for row in rows}
    ordered = sorted(lots.values(), key=spend_order)
    return [LotDraw(lot.id, amounts[lot.id]) for lot in ordered]


def spendable_now(tx: Connection, member_id: str, unit: str, now: datetime) -> int:
    """Return what a member can spend at `now`: lots past their date do not count."""
    row = _SPENDABLE.first(tx, {"member_id": member_id, "unit": unit, "now": now})
    return row.available - int(row.gone or 0) if row else 0
