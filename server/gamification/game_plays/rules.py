"""How many plays are left, and when there is one again: pure arithmetic."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from server.core.clock import end_of_day
from server.gamification.game_plays.types import Left
from server.gamification.games.types import Game

UNLIMITED = 2**31


def plays_left(game: Game, used: tuple[int, int], given: int) -> Left:
    """Return what is left today after `used` (all plays of the day, the free ones of them)."""
    today = max(0, game.per_day_max - used[0]) if game.per_day_max else UNLIMITED
    return Left(max(0, game.free_per_day - used[1]), given, today)


def next_play_at(game: Game, left: Left, today: date, zone: ZoneInfo) -> datetime | None:
    """Return when there is a play again without paying: the next day, or None when one is there
    now or none comes by itself.
    """
    if left.plays or not (game.free_per_day or left.given):
        return None
    tomorrow = end_of_day(today, zone)
    return None if game.ends_at is not None and game.ends_at <= tomorrow else tomorrow
