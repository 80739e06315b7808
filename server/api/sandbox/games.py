"""Forced outcomes: whoever builds an app wants to see a win without waiting for one."""

from server.api.endpoint import Call, Reply
from server.api.sandbox import sandbox
from server.api.schemas import RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.clock import local_date
from server.core.errors import NotFound, ValidationFailed
from server.core.ids import EXAMPLE_MEMBER_ID
from server.gamification.game_plays.players import force_outcome
from server.gamification.game_plays.service import LOST
from server.gamification.games.errors import GameNotOpen, PrizeExhausted
from server.gamification.games.queries import find_edition, get_game, sold_out
from server.gamification.games.types import Game
from server.gamification.ledger.service import open_book
from server.gamification.programme.types import POINTS


class ForcedIn(RequestSchema):
    """Whose next play becomes what: `lost`, `points`, or the key of a prize."""

    example = {"member_id": EXAMPLE_MEMBER_ID, "outcome": "points"}

    member_id = Text(required=True, most=40)
    outcome = Text(required=True, most=40)


class ForcedOut(Out):
    """What the next play becomes."""

    game_id = Text(required=True)
    member_id = Text(required=True)
    outcome = Text(required=True)


@sandbox.post(
    "/games/{game_id}/forced-outcome",
    "forceOutcome",
    scope="sandbox",
    body=ForcedIn,
    answers={200: ForcedOut},
    refuses=(NotFound, GameNotOpen, PrizeExhausted),
)
def force_game_outcome(call: Call, game_id: str) -> Reply:
    """Say what a member's next play of a game becomes. The proof of the game says so too."""
    programme = call.configuration.programme
    game = get_game(call.tx, programme.revision, game_id)
    member_id, outcome = call.body["member_id"], call.body["outcome"]
    open_book(call.tx, member_id, POINTS, call.now)
    _refuse(call, game, outcome)
    force_outcome(call.tx, member_id, game.id, outcome, local_date(call.now, programme.zone))
    return Reply({"game_id": game.id, "member_id": member_id, "outcome": outcome})


def _refuse(call: Call, game: Game, outcome: str) -> None:
    """Raise a refusal unless the game can have this outcome now."""
    if outcome not in (LOST, *(prize.key for prize in game.segments)):
        keys = ", ".join(prize.key for prize in game.segments)
        raise ValidationFailed.at("/outcome", "unknown", f"Send {LOST} or one of: {keys}.")
    edition = find_edition(call.tx, game.id, game.version)
    if edition is None:
        raise GameNotOpen(reason="opening")
    zone = call.configuration.programme.zone
    if outcome in sold_out(call.tx, game, edition, call.now, zone):
        raise PrizeExhausted(prize=outcome)
