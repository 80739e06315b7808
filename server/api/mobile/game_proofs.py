"""The public proof of a game: what was promised, and every play once the seed is told."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.schemas import Boolean, Instant, Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.errors import NotFound
from server.core.pagination import LATEST, CursorInvalid, Position, read_cursor, write_cursor
from server.gamification.game_plays.queries import page_of_edition
from server.gamification.game_plays.types import Play
from server.gamification.games.queries import game_at, list_editions
from server.gamification.games.types import Edition

ALGORITHM = "fairstar/play/v1"
PAGE_MAX = 500


class ProofQuery(RequestSchema):
    """Which version, by default the latest, and from where in its plays."""

    version = Integer(load_default=None, least=1)
    cursor = Text(most=400, load_default=None)
    limit = Integer(load_default=PAGE_MAX, least=1, most=PAGE_MAX)


class EditionOut(Out):
    """One published version: the hash of its seed, and the seed once it has ended."""

    version = Integer(required=True)
    seed_hash = Text(required=True)
    seed = Text(required=True, allow_none=True)
    opened_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)


class ChanceParts(Out):
    """A chance as a fraction."""

    p = Integer(required=True)
    q = Integer(required=True)


class WeightOut(Out):
    """A prize and its weight, in the order in which the numbers are given out."""

    prize = Text(required=True)
    weight = Integer(required=True)


class ProofPlay(Out):
    """A play without its member: `entrant` stands for the same member in all plays."""

    id = Text(required=True)
    entrant = Text(required=True)
    number = Integer(required=True)
    nonce_hash = Text(required=True)
    losses_before = Integer(required=True)
    outcome = Text(required=True)
    prize = Text(required=True, allow_none=True)
    is_forced = Boolean(required=True)


class GameProof(Out):
    """Everything that is needed to repeat each decision of one version.

    `plays` are told once the version has ended; the documentation of games says how to check them.
    """

    algorithm = Text(required=True)
    game_id = Text(required=True)
    edition = Nested(EditionOut, required=True)
    versions = Items(Nested(EditionOut), required=True)
    mode = Text(required=True)
    chance = Nested(ChanceParts, required=True)
    weights = Items(Nested(WeightOut), required=True)
    plays = Items(Nested(ProofPlay), required=True)
    next_cursor = Text(required=True, allow_none=True)


@member.get(
    "/games/{game_id}/proof",
    "getGameProof",
    public=True,
    query=ProofQuery,
    answers={200: GameProof},
    refuses=(NotFound, CursorInvalid),
)
def get_game_proof(call: Call, game_id: str) -> Reply:
    """Get what proves that a game is fair; nobody needs to sign in for it."""
    editions = list_editions(call.tx, game_id)
    edition = _chosen(editions, call.query["version"])
    game = game_at(call.tx, game_id, edition.version)
    plays, cursor = _plays(call, edition)
    body = {
        "algorithm": ALGORITHM,
        "game_id": game_id,
        "edition": _edition(edition),
        "versions": [_edition(one) for one in editions],
        "mode": str(game.mode),
        "chance": {"p": game.chance.p, "q": game.chance.q},
        "weights": [{"prize": one.key, "weight": one.weight} for one in game.segments],
        "plays": plays,
        "next_cursor": cursor,
    }
    return Reply(body)


def _chosen(editions: list[Edition], version: int | None) -> Edition:
    for edition in reversed(editions):
        if version in (None, edition.version):
            return edition
    raise NotFound("There is no such version of a game.")


def _plays(call: Call, edition: Edition) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the plays of an edition that has ended, and where the next one begins."""
    if edition.seed is None:
        return [], None
    scope, sent = f"proof:{edition.id}", call.query["cursor"]
    after_id = read_cursor(call.vault, scope, sent).id if sent else ""
    limit = call.query["limit"]
    found = page_of_edition(call.tx, edition.id, after_id, limit + 1)
    is_last, found = len(found) <= limit, found[:limit]
    at = None if is_last else write_cursor(call.vault, scope, Position(LATEST, found[-1][0].id))
    return [_play(play, entrant) for play, entrant in found], at


def _edition(edition: Edition) -> dict[str, Any]:
    names = ("version", "seed_hash", "seed", "opened_at", "ended_at")
    return {name: getattr(edition, name) for name in names}


def _play(play: Play, entrant: str) -> dict[str, Any]:
    return {
        "id": play.id,
        "entrant": entrant,
        "number": play.number,
        "nonce_hash": play.nonce_hash,
        "losses_before": play.losses_before,
        "outcome": str(play.outcome),
        "prize": play.prize_key,
        "is_forced": play.is_forced,
    }
