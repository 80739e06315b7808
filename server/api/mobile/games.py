"""Instant-win games: what can be won with which odds, playing, and the public proof."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.moved import moved_in_games
from server.api.presenters.games import (
    GameOut,
    PlayOut,
    Table,
    present_game,
    present_play,
)
from server.api.presenters.updates import Updates, updates_now
from server.api.schemas import Choice, Instant, Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import benefit_view_of, tier_view_of
from server.core.clock import local_date
from server.core.errors import NotFound
from server.core.i18n import in_language
from server.gamification.definitions.benefits import BenefitKind
from server.gamification.game_plays.queries import find_play, latest_plays, left_of
from server.gamification.game_plays.rules import next_play_at
from server.gamification.game_plays.service import is_for, play
from server.gamification.game_plays.types import Asked, Left, Pay, Play
from server.gamification.games.errors import (
    GameNotForYou,
    GameNotOpen,
    NoPlaysLeft,
    PlayNotForSale,
)
from server.gamification.games.queries import (
    find_edition,
    find_player,
    game_at,
    get_game,
    get_games,
    sold_out,
)
from server.gamification.games.rules import why_closed
from server.gamification.games.types import Edition, Game
from server.gamification.grants.queries import find_grant
from server.gamification.grants.types import Given
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.service import open_book
from server.gamification.programme.types import POINTS


class GamesOut(Out):
    """The games that there are for members now."""

    items = Items(Nested(GameOut), required=True)


class GameDetail(GameOut):
    """A game with the member's latest plays, the newest first."""

    plays = Items(Nested(PlayOut), required=True)


class GameStub(Out):
    """A game on the first screen."""

    id = Text(required=True)
    kind = Text(required=True)
    title = Text(required=True)
    plays_left = Integer(required=True)
    next_play_at = Instant(required=True, allow_none=True)


class PlayIn(RequestSchema):
    """What to play with: a `play` that is there (by default), or `points`."""

    example = {"pay": "play"}

    pay = Choice("play", "points", load_default="play")


class PlayMade(PlayOut):
    """A play, what is left to play with, and the balances after it."""

    plays_left = Integer(required=True)
    next_play_at = Instant(required=True, allow_none=True)
    updates = Nested(Updates, required=True)


@member.get("/me/games", "listMyGames", answers={200: GamesOut})
def list_my_games(call: Call) -> Reply:
    """List the games with their odds, as they are for the member's next play."""
    view = benefit_view_of(call)
    live = get_games(call.tx, view.programme.revision)
    shown = [game for game in live if why_closed(game, call.now) != "ended"]
    return Reply({"items": [present_game(_table(call, game), view) for game in shown]})


@member.get("/me/games/{game_id}", "getMyGame", answers={200: GameDetail}, refuses=(NotFound,))
def get_my_game(call: Call, game_id: str) -> Reply:
    """Get one game, with the member's latest plays."""
    view = benefit_view_of(call)
    game = get_game(call.tx, view.programme.revision, game_id)
    plays = latest_plays(call.tx, call.principal.id, game.id)
    return Reply(
        present_game(_table(call, game), view) | {"plays": [_shown(call, one) for one in plays]}
    )


@member.post(
    "/me/games/{game_id}/plays",
    "playGame",
    body=PlayIn,
    answers={201: PlayMade},
    refuses=(
        NotFound,
        GameNotOpen,
        GameNotForYou,
        NoPlaysLeft,
        PlayNotForSale,
        BalanceInsufficient,
    ),
    idempotency="required",
)
def play_game(call: Call, game_id: str) -> Reply:
    """Play once. The outcome is decided before anything turns; a retry has the same.

    The Idempotency-Key is the member's part of the chance: make a random one for each play.
    """
    me = call.principal.id
    game = get_game(call.tx, call.configuration.programme.revision, game_id)
    asked = Asked(me, call.key, Pay(call.body["pay"]), call.principal.name)
    made = play(call.tx, call.vault, game, asked, call.now)
    left = _left(call, game)
    body = _shown(call, made) | {"plays_left": left.plays, "next_play_at": _next(call, game, left)}
    return Reply(body | {"updates": _updates(call, _given(call, made))}, 201)


@member.get("/me/plays/{play_id}", "getMyPlay", answers={200: PlayOut}, refuses=(NotFound,))
def get_my_play(call: Call, play_id: str) -> Reply:
    """Get a play again, for example after its answer was lost."""
    found = find_play(call.tx, call.principal.id, play_id)
    if found is None:
        raise NotFound("There is no such play.")
    return Reply(_shown(call, found))


def first_game(call: Call) -> dict[str, Any] | None:
    """Return the first game that can be played, for the first screen; None without any."""
    for game in get_games(call.tx, call.configuration.programme.revision):
        if why_closed(game, call.now) is None and is_for(
            call.tx, game, call.principal.id, call.now
        ):
            return _stub(call, game)
    return None


def _stub(call: Call, game: Game) -> dict[str, Any]:
    left = _left(call, game)
    return {
        "id": game.id,
        "kind": str(game.look),
        "title": in_language(game.names, call.locale),
        "plays_left": left.plays,
        "next_play_at": _next(call, game, left),
    }


def _table(call: Call, game: Game) -> Table:
    edition = find_edition(call.tx, game.id, game.version)
    zone = call.configuration.programme.zone
    player = find_player(call.tx, call.principal.id, game.id)
    left = _left(call, game)
    return Table(
        game=game,
        edition=edition,
        state=_state(call, game, edition),
        left=left,
        next_play_at=_next(call, game, left),
        losses=player.losses if player else 0,
        entrant=player.entrant if player else None,
        sold_out=sold_out(call.tx, game, edition, call.now, zone) if edition else [],
    )


def _state(call: Call, game: Game, edition: Edition | None) -> str:
    closed = why_closed(game, call.now)
    if closed is not None:
        return closed
    if edition is None:
        return "opening"
    return "open" if is_for(call.tx, game, call.principal.id, call.now) else "locked"


def _left(call: Call, game: Game) -> Left:
    return left_of(call.tx, call.principal.id, game, call.now, call.configuration.programme.zone)


def _next(call: Call, game: Game, left: Left) -> Any:
    zone = call.configuration.programme.zone
    return next_play_at(game, left, local_date(call.now, zone), zone)


def _given(call: Call, made: Play) -> Given | None:
    return find_grant(call.tx, made.grant_id) if made.grant_id else None


def _shown(call: Call, made: Play) -> dict[str, Any]:
    game = game_at(call.tx, made.game_id, made.version)
    return present_play(made, game, _given(call, made), benefit_view_of(call))


def _updates(call: Call, given: Given | None) -> dict[str, Any]:
    parts = given.parts if given else ()
    units = {part.benefit.key for part in parts if part.benefit.kind is BenefitKind.STARS}
    me = call.principal.id
    wallets = [open_book(call.tx, me, unit, call.now).wallet for unit in (POINTS, *sorted(units))]
    updates = updates_now(call.tx, wallets[0], tier_view_of(call), wallets[1:])
    return updates | moved_in_games(call, me, (), wallets[1:])
