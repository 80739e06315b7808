"""Reading and locking holds. Statements are built once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from server.core.columns import among
from server.core.statements import Prepared
from server.gamification.holds.types import Purpose
from server.gamification.ledger.models import HOLD, LOT, LOT_DRAW, TRANSFER, WALLET
from server.gamification.ledger.queries import lot_of
from server.gamification.ledger.types import Hold, HoldState, Lot

_LOCK_HOLD = select(HOLD).where(HOLD.c.id == bindparam("id")).with_for_update()
_HOLD = select(HOLD).where(HOLD.c.id == bindparam("id"))
_NEXT_LAPSE = select(func.min(HOLD.c.lapses_at)).where(
    HOLD.c.state == HoldState.HELD, HOLD.c.lapses_at > bindparam("now")
)
_DUE_HOLDS = (
    select(HOLD.c.id)
    .where(
        HOLD.c.state == HoldState.HELD,
        HOLD.c.lapses_at <= bindparam("now"),
        HOLD.c.purpose == Purpose.POINTS,
    )
    .order_by(HOLD.c.wallet_id, HOLD.c.id)
    .limit(bindparam("limit"))
)
_HOLD_AMOUNT = select(HOLD.c.amount).where(HOLD.c.id == bindparam("id"))
_WALLET_OF_HOLD = (
    select(WALLET.c.member_id, WALLET.c.unit)
    .join(HOLD, HOLD.c.wallet_id == WALLET.c.id)
    .where(HOLD.c.id == bindparam("id"), HOLD.c.purpose == bindparam("purpose"))
)
_HOLDER = (
    select(TRANSFER.c.actor)
    .join(HOLD, HOLD.c.transfer_id == TRANSFER.c.id)
    .where(HOLD.c.id == bindparam("id"))
)
_HELD_LOTS = Prepared(
    select(LOT)
    .join(LOT_DRAW, LOT_DRAW.c.lot_id == LOT.c.id)
    .join(HOLD, HOLD.c.transfer_id == LOT_DRAW.c.transfer_id)
    .where(among(HOLD.c.wallet_id, "wallet_ids"), HOLD.c.state == HoldState.HELD)
)


def lock_hold(tx: Connection, hold_id: str) -> tuple[Hold, str] | None:
    """Lock a hold and return it with the id of the transfer that set the points aside."""
    row = tx.execute(_LOCK_HOLD, {"id": hold_id}).first()
    if row is None:
        return None
    state = HoldState(row.state)
    hold = Hold(row.id, row.wallet_id, row.amount, row.captured, state, row.lapses_at)
    return hold, row.transfer_id


def find_hold_owner(
    tx: Connection, hold_id: str, purpose: Purpose = Purpose.POINTS
) -> tuple[str, str] | None:
    """Return member id and unit of a hold with this purpose, without locking."""
    row = tx.execute(_WALLET_OF_HOLD, {"id": hold_id, "purpose": str(purpose)}).first()
    return (row.member_id, row.unit) if row else None


def find_hold_actor(tx: Connection, hold_id: str) -> str | None:
    """Return who set the points aside, None when there is no such hold."""
    found: str | None = tx.execute(_HOLDER, {"id": hold_id}).scalar()
    return found


def next_lapse_at(tx: Connection, now: datetime) -> datetime | None:
    """Return when the next open hold lapses after `now`, None for none."""
    found: datetime | None = tx.execute(_NEXT_LAPSE, {"now": now}).scalar()
    return found


def list_due_holds(tx: Connection, now: datetime, limit: int) -> list[str]:
    """Return the ids of up to `limit` open holds whose time is over, by wallet."""
    return list(tx.execute(_DUE_HOLDS, {"now": now, "limit": limit}).scalars())


def get_hold_amount(tx: Connection, hold_id: str) -> int:
    """Return how many points a hold set aside; 0 when there is no such hold."""
    return int(tx.execute(_HOLD_AMOUNT, {"id": hold_id}).scalar() or 0)


def get_hold_row(tx: Connection, hold_id: str) -> Any:
    """Return the row of a hold, or None."""
    return tx.execute(_HOLD, {"id": hold_id}).first()


def list_held_lots(tx: Connection, wallet_ids: Sequence[str]) -> dict[str, Lot]:
    """Return the lots, empty or not, to which open holds of these wallets may give back, by id."""
    rows = _HELD_LOTS.all(tx, {"wallet_ids": list(wallet_ids)}) if wallet_ids else ()
    return {row.id: lot_of(row) for row in rows}
