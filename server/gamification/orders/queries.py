"""Reading orders: gifts that wait for a hand."""

from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from server.gamification.orders.types import STANDING
from server.gamification.vouchers.models import VOUCHER
from server.gamification.vouchers.queries import voucher_of
from server.gamification.vouchers.types import Fulfilment, Voucher

_V = VOUCHER.c
_STANDING = _V.state.in_([str(state) for state in STANDING])
_OPEN = [str(step) for step in Fulfilment if step is not Fulfilment.RECEIVED]
_WAITING: Select[Any] = (
    select(VOUCHER)
    .where(_V.fulfilment.in_(_OPEN), _STANDING)
    .order_by(_V.created_at, _V.id)
    .limit(bindparam("most"))
)


def list_waiting(tx: Connection, most: int) -> list[Voucher]:
    """Return up to `most` gifts that are ordered and not received yet, the oldest first."""
    return [voucher_of(row) for row in tx.execute(_WAITING, {"most": most})]
