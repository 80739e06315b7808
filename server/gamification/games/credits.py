"""Plays that members are given: given, used soonest end first, taken back, over. Nothing commits.

All but the lapsing happens under the lock of the member's points wallet.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, or_, select, update

from server.core.ids import new_id
from server.core.statements import Prepared
from server.gamification.games.models import PLAY_CREDIT
from server.gamification.games.rules import expiry_of_plays
from server.gamification.games.types import Game

_C = PLAY_CREDIT.c
_LEFT = _C.plays_left
_INSERT = Prepared(insert(PLAY_CREDIT))
_GOOD: ColumnElement[bool] = or_(_C.expires_at.is_(None), _C.expires_at > bindparam("now"))
_OF = (_C.member_id == bindparam("member_id"), _C.game_id == bindparam("game_id"), _LEFT > 0, _GOOD)
_COUNT = Prepared(select(func.coalesce(func.sum(_LEFT), 0).label("plays")).where(*_OF))
_SOONEST = (
    select(_C.id).where(*_OF).order_by(_C.expires_at.is_(None), _C.expires_at, _C.id).limit(1)
)
_USE = (
    update(PLAY_CREDIT)
    .where(_C.id == bindparam("credit_id"), _LEFT > 0)
    .values(plays_left=_LEFT - 1, used=_C.used + 1)
)
_TAKE = (
    update(PLAY_CREDIT)
    .where(_C.id == bindparam("credit_id"), _LEFT > 0)
    .values(plays_left=0, taken=_C.taken + _LEFT)
)
_DUE = (
    select(_C.id)
    .where(_LEFT > 0, _C.expires_at <= bindparam("now"))
    .order_by(_C.expires_at, _C.id)
    .limit(bindparam("most"))
)
_LAPSE = (
    update(PLAY_CREDIT)
    .where(_C.id.in_(bindparam("ids", expanding=True)), _LEFT > 0)
    .values(plays_left=0, lapsed=_C.lapsed + _LEFT)
)


def give_plays(
    tx: Connection, member_id: str, game: Game, of: tuple[str, int], now: datetime
) -> str:
    """Give plays of a game for a grant (`of` is its id and how many); return the credit's id."""
    credit_id = new_id("plc", now)
    row: dict[str, Any] = {
        "id": credit_id,
        "member_id": member_id,
        "game_id": game.id,
        "grant_id": of[0],
        "amount": of[1],
        "plays_left": of[1],
        "given_at": now,
        "expires_at": expiry_of_plays(game, now),
    }
    _INSERT.run(tx, [row | {"used": 0, "taken": 0, "lapsed": 0}])
    return credit_id


def take_plays(tx: Connection, credit_id: str) -> bool:
    """Take back what is left of given plays; False when nothing is."""
    return bool(tx.execute(_TAKE, {"credit_id": credit_id}).rowcount)


def count_plays(tx: Connection, member_id: str, game_id: str, now: datetime) -> int:
    """Return how many given plays a member has."""
    asked = {"member_id": member_id, "game_id": game_id, "now": now}
    return int(_COUNT.first(tx, asked).plays)


def use_play(tx: Connection, member_id: str, game_id: str, now: datetime) -> str | None:
    """Use one given play, of those that end soonest; return its credit, None without any."""
    asked = {"member_id": member_id, "game_id": game_id, "now": now}
    credit_id: str | None = tx.execute(_SOONEST, asked).scalar()
    if credit_id is None or not tx.execute(_USE, {"credit_id": credit_id}).rowcount:
        return None
    return credit_id


def lapse_plays(tx: Connection, now: datetime, limit: int) -> int:
    """End given plays whose time is over, up to `limit` credits; return how many."""
    ids = list(tx.execute(_DUE, {"now": now, "most": limit}).scalars())
    return tx.execute(_LAPSE, {"ids": ids}).rowcount if ids else 0
