"""Pieces of rewards that a raffle has set aside for its main prizes."""

from typing import Any

from sqlalchemy import Connection, bindparam, update

from server.gamification.raffles.models import RAFFLE_PRIZE
from server.gamification.raffles.queries import list_prizes
from server.gamification.rewards.stock import move_stock
from server.gamification.rewards.types import StockState

_P = RAFFLE_PRIZE.c
_TAKE = (
    update(RAFFLE_PRIZE)
    .where(
        _P.raffle_id == bindparam("of_raffle"),
        _P.first_place == bindparam("of_place"),
        _P.reserved > 0,
    )
    .values(reserved=_P.reserved - 1)
)


def prize_at(tx: Connection, raffle_id: str, place: int) -> Any:
    """Return the row of the main prize that a place wins. Raise `LookupError`."""
    for row in list_prizes(tx, raffle_id):
        if row.first_place <= place < row.first_place + row.quantity:
            return row
    raise LookupError(f"{raffle_id} has no prize {place}")


def release_piece(tx: Connection, raffle_id: str, place: int) -> bool:
    """Put the piece for a place back on the shelf; False when none was set aside for it."""
    row = prize_at(tx, raffle_id, place)
    of = {"of_raffle": raffle_id, "of_place": row.first_place}
    if not tx.execute(_TAKE, of).rowcount:
        return False
    move_stock(tx, row.reward_id, StockState.RESERVED, StockState.RETURNED)
    return True
