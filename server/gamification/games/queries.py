"""Reading games: those published, once per revision, every version ever, and their editions."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, select

from server.core.errors import NotFound
from server.core.statements import Prepared
from server.gamification.definitions.queries import list_definitions
from server.gamification.definitions.types import Definition, State
from server.gamification.definitions.versions import Versions
from server.gamification.games.models import GAME_EDITION, GAME_PLAYER, GAME_STOCK, PLAY_CREDIT
from server.gamification.games.rules import period_start
from server.gamification.games.settings import GAMES, read_game
from server.gamification.games.types import Edition, Game
from server.gamification.programme.queries import RevisionCache

_E, _S, _P = GAME_EDITION.c, GAME_STOCK.c, GAME_PLAYER.c
_EDITION = Prepared(
    select(GAME_EDITION).where(
        _E.game_id == bindparam("game_id"), _E.version == bindparam("version")
    )
)
_EDITIONS = select(GAME_EDITION).where(_E.game_id == bindparam("game_id")).order_by(_E.version)
_STOCK = Prepared(select(GAME_STOCK).where(_S.edition_id == bindparam("edition_id")))
_PLAYER = Prepared(
    select(GAME_PLAYER).where(
        _P.member_id == bindparam("member_id"), _P.game_id == bindparam("game_id")
    )
)
_NEXT_LAPSE = select(func.min(PLAY_CREDIT.c.expires_at)).where(
    PLAY_CREDIT.c.plays_left > 0, PLAY_CREDIT.c.expires_at > bindparam("now")
)


def get_games(tx: Connection, revision: str) -> tuple[Game, ...]:
    """Return the games in force at a revision of the programme, in the owner's order."""
    return tuple(game for is_live, game in _CACHE.get(tx, revision) if is_live)


def get_game(tx: Connection, revision: str, id_or_key: str) -> Game:
    """Return a game in force by its id or key. Raise `NotFound`."""
    return _named(get_games(tx, revision), id_or_key)


def get_known_game(tx: Connection, revision: str, id_or_key: str) -> Game:
    """Return a game that is in force or paused. Raise `NotFound`."""
    return _named((game for _, game in _CACHE.get(tx, revision)), id_or_key)


def _named(games: Iterable[Game], id_or_key: str) -> Game:
    for game in games:
        if id_or_key in (game.id, game.key):
            return game
    raise NotFound("There is no such game.")


def _load(tx: Connection, _revision: str) -> tuple[tuple[bool, Game], ...]:
    rows = list_definitions(tx, GAMES.name, (State.PUBLISHED, State.PAUSED))
    return tuple((row.state is State.PUBLISHED, game_of(row)) for row in rows)


_CACHE: RevisionCache[tuple[tuple[bool, Game], ...]] = RevisionCache(_load)


def game_of(row: Definition) -> Game:
    """Return the game that is in force of a definition."""
    return replace(read_game(row.id, row.key, row.settings), version=row.version)


_VERSIONS: Versions[Game] = Versions(
    game_of, lambda: NotFound("There is no such version of the game.")
)


def game_at(tx: Connection, game_id: str, version: int) -> Game:
    """Return a game as it was published in a version, which never changes. Raise `NotFound`."""
    return _VERSIONS.at(tx, game_id, version)


def find_edition(tx: Connection, game_id: str, version: int) -> Edition | None:
    """Return the edition of a version, None while it is not open yet."""
    row = _EDITION.first(tx, {"game_id": game_id, "version": version})
    return edition_of(row) if row else None


def list_editions(tx: Connection, game_id: str) -> list[Edition]:
    """Return all editions of a game, the oldest first."""
    return [edition_of(row) for row in tx.execute(_EDITIONS, {"game_id": game_id})]


def edition_of(row: Any) -> Edition:
    """Build an edition from its row; the sealed seed stays behind."""
    return Edition(
        row.id, row.game_id, row.version, row.seed_hash, row.opened_at, row.ended_at, row.seed
    )


def list_stock(tx: Connection, edition_id: str) -> dict[str, Any]:
    """Return the rows of counted stock of an edition, by prize."""
    rows = _STOCK.all(tx, {"edition_id": edition_id})
    return {row.prize_key: row for row in rows}


def sold_out(
    tx: Connection, game: Game, edition: Edition, now: datetime, zone: ZoneInfo
) -> list[str]:
    """Return the prizes of which nothing can be had now: used up, or not released yet."""
    rows = list_stock(tx, edition.id)
    found = []
    for prize in game.prizes:
        row = rows.get(prize.key)
        if row is None:
            continue
        pacing = prize.pacing
        is_present = pacing is not None and row.period_at == period_start(pacing, now, zone)
        is_paced = pacing is not None and is_present and row.in_period >= pacing.count
        if row.given >= row.total or is_paced:
            found.append(prize.key)
    return found


def find_player(tx: Connection, member_id: str, game_id: str) -> Any:
    """Return the row of a member in a game, None before the first play."""
    return _PLAYER.first(tx, {"member_id": member_id, "game_id": game_id})


def next_game_end_at(tx: Connection, now: datetime) -> datetime | None:
    """Return when the next game or the next given plays are over, after `now`; None: never."""
    rows = list_definitions(tx, GAMES.name, (State.PUBLISHED, State.PAUSED))
    ends = [game_of(row).ends_at for row in rows]
    lapse: datetime | None = tx.execute(_NEXT_LAPSE, {"now": now}).scalar()
    return min((at for at in (*ends, lapse) if at is not None and at > now), default=None)
