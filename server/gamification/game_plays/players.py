"""A member in a game: the counters that a play moves, under the lock of the points wallet."""

import secrets
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from server.core.statements import Prepared
from server.gamification.game_plays.queries import used_today
from server.gamification.games.models import GAME_PLAYER
from server.gamification.games.queries import find_player

_MOVED = ("number", "losses", "day_on", "day_plays", "free_used", "forced")


def _upsert(dialect: Any) -> Any:
    new = dialect.insert(GAME_PLAYER)
    return new.on_conflict_do_update(
        index_elements=["member_id", "game_id"],
        set_={name: new.excluded[name] for name in _MOVED},
    )


_SAVE = Prepared(_upsert(postgresql), sqlite=_upsert(sqlite))


@dataclass(frozen=True, slots=True)
class Player:
    """A member in a game, as the row has it; `used` are the plays of today, all and free ones."""

    member_id: str
    game_id: str
    entrant: str
    number: int = 0
    losses: int = 0
    used: tuple[int, int] = (0, 0)
    forced: str | None = None


def get_player(tx: Connection, member_id: str, game_id: str, today: date) -> Player:
    """Return a member in a game as of today, a new one before the first play."""
    row = find_player(tx, member_id, game_id)
    if row is None:
        return Player(member_id, game_id, secrets.token_hex(16))
    used = used_today(row, today)
    return Player(member_id, game_id, row.entrant, row.number, row.losses, used, row.forced)


def save_player(tx: Connection, player: Player, today: date) -> None:
    """Write a player down."""
    row: dict[str, Any] = {
        "member_id": player.member_id,
        "game_id": player.game_id,
        "entrant": player.entrant,
    }
    row |= {"number": player.number, "losses": player.losses, "day_on": today}
    row |= {"day_plays": player.used[0], "free_used": player.used[1], "forced": player.forced}
    _SAVE.run(tx, [row])


def played(player: Player, losses: int, *, is_free: bool) -> Player:
    """Return a player after one more play."""
    used = (player.used[0] + 1, player.used[1] + is_free)
    return replace(player, number=player.number + 1, losses=losses, used=used, forced=None)


def force_outcome(
    tx: Connection, member_id: str, game_id: str, wanted: str | None, today: date
) -> None:
    """Say what the next play of a member is to become; for sandboxes alone."""
    save_player(tx, replace(get_player(tx, member_id, game_id, today), forced=wanted), today)
