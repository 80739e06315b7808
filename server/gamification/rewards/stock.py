"""Counting the stock: one row for each reward, changed only where something is free.

The condition is part of the update, so that the last unit goes to exactly one of any number.
"""

from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from server.core.statements import Later, Prepared
from server.gamification.rewards.errors import RewardSoldOut
from server.gamification.rewards.models import REWARD_STOCK
from server.gamification.rewards.types import Reward, Stock, StockState

_S = REWARD_STOCK.c
_OF = _S.reward_id == bindparam("of_reward")
_GIVEN = _S.reserved + _S.sold
_READ = Prepared(select(REWARD_STOCK))


def _insert(dialect: Any) -> Any:
    return dialect.insert(REWARD_STOCK).on_conflict_do_nothing()


_BEGIN = {"postgresql": _insert(postgresql), "sqlite": _insert(sqlite)}


def _larger(dialect_name: str) -> Any:
    return func.greatest if dialect_name == "postgresql" else func.max


_FOLLOW = {
    name: update(REWARD_STOCK)
    .where(_OF, _S.version < bindparam("new_version"))
    .values(version=bindparam("new_version"), total=_larger(name)(bindparam("new_total"), _GIVEN))
    for name in ("postgresql", "sqlite")
}
_FREE = update(REWARD_STOCK).where(
    _OF, _S.version >= bindparam("of_version"), _S.total - _GIVEN > 0
)
_TAKE = {
    StockState.RESERVED: _FREE.values(reserved=_S.reserved + 1),
    StockState.SOLD: _FREE.values(sold=_S.sold + 1),
}
_MOVE = {
    (StockState.RESERVED, StockState.SOLD): {"reserved": _S.reserved - 1, "sold": _S.sold + 1},
    (StockState.SOLD, StockState.RESERVED): {"reserved": _S.reserved + 1, "sold": _S.sold - 1},
    (StockState.RESERVED, StockState.RETURNED): {"reserved": _S.reserved - 1},
    (StockState.SOLD, StockState.RETURNED): {"sold": _S.sold - 1},
}
_MOVES = {pair: update(REWARD_STOCK).where(_OF).values(**values) for pair, values in _MOVE.items()}


def take_stock(tx: Connection, reward: Reward, state: StockState) -> None:
    """Take one of a counted stock, reserved or sold at once. Raise `RewardSoldOut`."""
    if state is StockState.NONE or reward.stock is None:
        return
    of = {"of_reward": reward.id, "of_version": reward.version}
    if tx.execute(_TAKE[state], of).rowcount:
        return
    _follow_version(tx, reward)
    if not tx.execute(_TAKE[state], of).rowcount:
        raise RewardSoldOut


def _follow_version(tx: Connection, reward: Reward) -> None:
    """Bring the stored total up to a newly published version of the reward."""
    row = {"reward_id": reward.id, "version": reward.version, "total": reward.stock}
    tx.execute(_BEGIN[tx.dialect.name], row | {"reserved": 0, "sold": 0})
    changes = {"new_version": reward.version, "new_total": reward.stock}
    tx.execute(_FOLLOW[tx.dialect.name], {"of_reward": reward.id} | changes)


def move_stock(tx: Connection, reward_id: str, before: StockState, after: StockState) -> None:
    """Move one piece that a voucher has from one column to another, or back to the shelf."""
    if StockState.NONE not in (before, after) and before is not after:
        tx.execute(_MOVES[before, after], {"of_reward": reward_id})


def list_stock(tx: Connection) -> dict[str, Stock]:
    """Return the counted stock by reward."""
    return ask_stock(tx)()


def ask_stock(tx: Connection) -> Later[dict[str, Stock]]:
    """Send the question of `list_stock`."""
    sent = _READ.send(tx)
    return lambda: {
        row.reward_id: Stock(row.total, row.reserved, row.sold, row.version) for row in sent.all()
    }
