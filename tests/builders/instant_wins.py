"""Games of a shop and members who play them, through the services."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.definitions.queries import get_definition
from server.gamification.definitions.service import change_draft, install, publish
from server.gamification.game_plays import service
from server.gamification.game_plays.players import force_outcome
from server.gamification.game_plays.types import Asked, Pay, Play
from server.gamification.games.editions import end_editions, open_editions
from server.gamification.games.models import GAME_EDITION, GAME_STOCK, PLAY_CREDIT
from server.gamification.games.queries import get_game
from server.gamification.games.settings import GAMES, read_game
from server.gamification.games.types import Game
from server.gamification.grants.service import give
from server.gamification.grants.types import Given, Reason
from server.gamification.programme.queries import current_revision
from tests.builders.members import VAULT
from tests.builders.purchases import NOW
from tests.builders.purchases import give as give_points

EVA = "staff:eva"
HALF_AND_HALF = {"p": 1, "q": 2}
ALWAYS = {"p": 1, "q": 1}


def prize(key: str = "star", weight: int = 1, **changes: Any) -> dict[str, Any]:
    """A prize of three stars."""
    stars = [{"kind": "stars", "amount": 3}]
    return {"key": key, "names": {"en": key.title()}, "weight": weight, "benefits": stars} | changes


def wheel(**changes: Any) -> dict[str, Any]:
    """A wheel with one prize and five points of consolation; `changes` of None are left out."""
    settings: dict[str, Any] = {
        "names": {"en": "Wheel", "ru": "Колесо", "et": "Ratas"},
        "prizes": [prize(weight=3)],
        "consolation": {"points": 5, "weight": 1},
        "free_per_day": 1,
    }
    settings |= changes
    return {name: value for name, value in settings.items() if value is not None}


def game_of(**changes: Any) -> Game:
    """A game that is nowhere stored."""
    return read_game("gam_1", "wheel", wheel(**changes))


def open_game(tx: Connection, key: str = "wheel", **changes: Any) -> Game:
    """Publish a wheel and open its edition."""
    now = changes.pop("now", NOW)
    install(tx, GAMES, key, wheel(**changes), EVA, now)
    open_editions(tx, VAULT, now)
    return get_game(tx, current_revision(tx), key)


def play(
    tx: Connection,
    member_id: str,
    game: Game,
    nonce: str,
    pay: Pay = Pay.PLAY,
    now: datetime = NOW,
) -> Play:
    """Let a member play once."""
    asked = Asked(member_id, nonce, pay, f"member:{member_id}")
    return service.play(tx, VAULT, game, asked, now)


def give_plays(
    tx: Connection, member_id: str, amount: int, ref: str = "one", now: datetime = NOW
) -> Given:
    """Give plays of the wheel through a grant."""
    plays = [Benefit(BenefitKind.PLAYS, amount, "wheel")]
    return give(tx, member_id, plays, Reason("test", f"plays-{ref}", {}), EVA, now)


def credits_of(tx: Connection, member_id: str) -> list[tuple[int, int, int, int]]:
    """What is left, used, taken and lapsed of each of a member's credits."""
    c = PLAY_CREDIT.c
    asked = select(c.plays_left, c.used, c.taken, c.lapsed).where(c.member_id == member_id)
    return [tuple(row) for row in tx.execute(asked.order_by(c.id))]


def stock_of(tx: Connection) -> Mapping[str, tuple[int, int]]:
    """Given and total by prize."""
    rows = tx.execute(select(GAME_STOCK))
    return {row.prize_key: (row.given, row.total) for row in rows}


def editions(tx: Connection) -> list[Any]:
    """The rows of editions, the oldest first."""
    return list(tx.execute(select(GAME_EDITION).order_by(GAME_EDITION.c.version)))


def play_the_wheel(tx: Connection, member_id: str) -> None:
    """Let a member play two versions of a wheel, in every way; the first is over then."""
    settings: dict[str, Any] = {"price_points": 4, "mode": "never_unlucky", "free_per_day": 1}
    prizes = [prize(weight=3, stock=40), prize("cup", stock=9)]
    game = open_game(tx, prizes=prizes, **settings)
    give_points(tx, member_id, 200)
    give_plays(tx, member_id, 6)
    for number in range(9):
        pay = Pay.POINTS if number > 6 else Pay.PLAY
        play(tx, member_id, game, f"n{number}", pay)
    stored = get_definition(tx, GAMES.name, game.id)
    changed = wheel(**settings, chance=ALWAYS, consolation={"points": 5})
    change_draft(tx, GAMES, (stored.id, stored.edit), changed, EVA, NOW)
    publish(tx, GAMES, game.id, EVA, NOW)
    end_editions(tx, VAULT, NOW)
    open_editions(tx, VAULT, NOW)
    give_plays(tx, member_id, 3, "more")
    newer = get_game(tx, current_revision(tx), "wheel")
    for number in range(2):
        play(tx, member_id, newer, f"m{number}")
    force_outcome(tx, member_id, game.id, "star", NOW.date())
    play(tx, member_id, newer, "forced", Pay.POINTS)
