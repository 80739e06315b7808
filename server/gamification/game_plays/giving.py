"""What a play gives: the prize as a whole, or else the points that never run out."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from server.gamification.game_plays.types import Outcome
from server.gamification.games.stock import take_prize
from server.gamification.games.types import CONSOLATION, Edition, Game, Prize
from server.gamification.grants.service import give
from server.gamification.grants.types import Given, PartState, Reason

REASON = "play"


@dataclass(frozen=True, slots=True)
class Winning:
    """A play that wins: of whom, its id, in which edition, and when."""

    member_id: str
    play_id: str
    game: Game
    edition: Edition
    actor: str
    now: datetime
    zone: ZoneInfo


def give_won(tx: Connection, won: Winning, prize: Prize) -> tuple[Outcome, Given]:
    """Give a prize; when nothing of it is left, or a part of it cannot be given, the points."""
    given = None if prize.key == CONSOLATION else _give_whole(tx, won, prize)
    if given is not None:
        return Outcome.PRIZE, given
    return Outcome.POINTS, _give(tx, won, won.game.consolation)


def _give_whole(tx: Connection, won: Winning, prize: Prize) -> Given | None:
    """Give a prize as a whole; what cannot be given so leaves nothing behind."""
    point = tx.begin_nested()
    if take_prize(tx, won.edition, prize, won.now, won.zone):
        given = _give(tx, won, prize)
        if all(part.state is PartState.GIVEN for part in given.parts):
            point.commit()
            return given
    point.rollback()
    return None


def _give(tx: Connection, won: Winning, prize: Prize) -> Given:
    reason = Reason(REASON, won.play_id, prize.names or won.game.names)
    return give(tx, won.member_id, prize.benefits, reason, won.actor, won.now)
