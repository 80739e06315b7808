"""Changing a stored voucher, and with it the piece of the stock that it has."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, bindparam, update

from server.gamification.rewards.stock import move_stock
from server.gamification.rewards.types import StockState
from server.gamification.vouchers.models import VOUCHER
from server.gamification.vouchers.types import Voucher, VoucherState

_CHANGE = (
    update(VOUCHER)
    .where(VOUCHER.c.id == bindparam("voucher_id"))
    .values(
        state=bindparam("new_state"),
        stock=bindparam("new_stock"),
        fulfilment=bindparam("new_fulfilment"),
        expires_at=bindparam("new_expires_at"),
        ended_at=bindparam("new_ended_at"),
    )
)
_STOCK_OF = MappingProxyType(
    {
        VoucherState.ACTIVE: StockState.RESERVED,
        VoucherState.USED: StockState.SOLD,
        VoucherState.CANCELLED: StockState.RETURNED,
        VoucherState.WITHDRAWN: StockState.RETURNED,
        VoucherState.EXPIRED: StockState.RETURNED,
    }
)


def change_voucher(tx: Connection, voucher: Voucher, **changes: Any) -> Voucher:
    """Write changes of a locked voucher, move its piece of the stock along, and return it."""
    after = replace(voucher, **changes)
    after = replace(after, stock=stock_after(after))
    move_stock(tx, voucher.reward_id, voucher.stock, after.stock)
    values = {
        "voucher_id": after.id,
        "new_state": str(after.state),
        "new_stock": str(after.stock),
        "new_fulfilment": after.fulfilment and str(after.fulfilment),
        "new_expires_at": after.expires_at,
        "new_ended_at": after.ended_at,
    }
    tx.execute(_CHANGE, values)
    return after


def stock_after(voucher: Voucher) -> StockState:
    """Return where the piece of a voucher is in its state; what was paid at once stays sold."""
    if voucher.stock is StockState.NONE or voucher.is_settled:
        return voucher.stock
    return _STOCK_OF[voucher.state]
