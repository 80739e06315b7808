"""Reading plays: a member's own, those of an edition for its proof."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, select

from server.core.clock import local_date
from server.core.statements import Prepared
from server.gamification.game_plays.models import GAME_PLAY
from server.gamification.game_plays.rules import plays_left
from server.gamification.game_plays.types import Left, Outcome, Play, Source
from server.gamification.games.credits import count_plays
from server.gamification.games.models import GAME_PLAYER
from server.gamification.games.queries import find_player
from server.gamification.games.types import Game

SHOWN_MAX = 20
_P = GAME_PLAY.c
_BY_ID = Prepared(
    select(GAME_PLAY).where(_P.id == bindparam("play_id"), _P.member_id == bindparam("member_id"))
)
_BY_NONCE = Prepared(
    select(GAME_PLAY).where(
        _P.member_id == bindparam("member_id"),
        _P.game_id == bindparam("game_id"),
        _P.nonce_hash == bindparam("nonce_hash"),
    )
)
_LATEST = (
    select(GAME_PLAY)
    .where(_P.member_id == bindparam("member_id"), _P.game_id == bindparam("game_id"))
    .order_by(_P.number.desc())
    .limit(SHOWN_MAX)
)
_OF_EDITION = (
    select(GAME_PLAY, GAME_PLAYER.c.entrant)
    .join(
        GAME_PLAYER,
        (GAME_PLAYER.c.member_id == _P.member_id) & (GAME_PLAYER.c.game_id == _P.game_id),
    )
    .where(_P.edition_id == bindparam("edition_id"), _P.id > bindparam("after_id"))
    .order_by(_P.id)
    .limit(bindparam("most"))
)
_OUTCOMES = (
    select(_P.outcome, func.count())
    .where(_P.edition_id == bindparam("edition_id"))
    .group_by(_P.outcome)
    .order_by(_P.outcome)
)


def find_play(tx: Connection, member_id: str, play_id: str) -> Play | None:
    """Return a member's play, None when it is not theirs or not there."""
    row = _BY_ID.first(tx, {"play_id": play_id, "member_id": member_id})
    return play_of(row) if row else None


def find_repeated(tx: Connection, member_id: str, game_id: str, nonce_hash: str) -> Play | None:
    """Return the play that a member made with the same nonce before."""
    asked = {"member_id": member_id, "game_id": game_id, "nonce_hash": nonce_hash}
    row = _BY_NONCE.first(tx, asked)
    return play_of(row) if row else None


def latest_plays(tx: Connection, member_id: str, game_id: str) -> list[Play]:
    """Return a member's latest plays of a game, the newest first."""
    asked = {"member_id": member_id, "game_id": game_id}
    return [play_of(row) for row in tx.execute(_LATEST, asked)]


def page_of_edition(
    tx: Connection, edition_id: str, after_id: str, most: int
) -> list[tuple[Play, str]]:
    """Return plays of an edition after an id, in the order of their ids, with their entrants."""
    asked = {"edition_id": edition_id, "after_id": after_id, "most": most}
    return [(play_of(row), row.entrant) for row in tx.execute(_OF_EDITION, asked)]


def count_outcomes(tx: Connection, edition_id: str) -> dict[str, int]:
    """Return how many plays of an edition had each outcome."""
    rows = tx.execute(_OUTCOMES, {"edition_id": edition_id})
    return {str(outcome): int(count) for outcome, count in rows}


def left_of(tx: Connection, member_id: str, game: Game, now: datetime, zone: ZoneInfo) -> Left:
    """Return what a member has left to play with today."""
    row = find_player(tx, member_id, game.id)
    given = count_plays(tx, member_id, game.id, now)
    return plays_left(game, used_today(row, local_date(now, zone)), given)


def used_today(player: Any, today: date) -> tuple[int, int]:
    """Return how many plays a player made today, and how many of them were free."""
    if player is None or player.day_on != today:
        return 0, 0
    return player.day_plays, player.free_used


def play_of(row: Any) -> Play:
    """Build a play from its row."""
    return Play(
        row.id,
        row.member_id,
        row.game_id,
        row.version,
        row.number,
        row.nonce_hash,
        row.losses_before,
        Source(row.source),
        Outcome(row.outcome),
        row.prize_key,
        row.grant_id,
        row.is_forced,
        row.played_at,
    )
