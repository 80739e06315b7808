"""Taking prizes from the shelf. The condition is part of the update, so that the last piece goes
to exactly one of any number.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, case, or_, update

from server.gamification.games.models import GAME_STOCK
from server.gamification.games.rules import period_start
from server.gamification.games.types import Edition, Prize

_S = GAME_STOCK.c
_OF = (_S.edition_id == bindparam("of_edition"), _S.prize_key == bindparam("of_prize"))
_TAKE = update(GAME_STOCK).where(*_OF, _S.given < _S.total).values(given=_S.given + 1)
_IS_NEW = or_(_S.period_at.is_(None), _S.period_at < bindparam("present_at"))
_TAKE_PACED = (
    update(GAME_STOCK)
    .where(*_OF, _S.given < _S.total, or_(_IS_NEW, _S.in_period < bindparam("most")))
    .values(
        given=_S.given + 1,
        in_period=case((_IS_NEW, 1), else_=_S.in_period + 1),
        period_at=bindparam("present_at"),
    )
)


def take_prize(
    tx: Connection, edition: Edition, prize: Prize, now: datetime, zone: ZoneInfo
) -> bool:
    """Take one piece of a prize; False when nothing of it can be had now."""
    if prize.stock is None:
        return True
    of = {"of_edition": edition.id, "of_prize": prize.key}
    if prize.pacing is None:
        return bool(tx.execute(_TAKE, of).rowcount)
    pace = {"present_at": period_start(prize.pacing, now, zone), "most": prize.pacing.count}
    return bool(tx.execute(_TAKE_PACED, of | pace).rowcount)
