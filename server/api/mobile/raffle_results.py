"""Results of raffles: the public proof, the member's own lines in it, prizes and claiming them."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.raffle_prizes import PrizeOut, present_prize
from server.api.presenters.raffle_proofs import RaffleProof, present_proof
from server.api.presenters.raffles import RaffleView
from server.api.schemas import Integer, Items, Nested, PageQuery, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.pagination import CursorInvalid, Position, page_of, page_parameters, write_cursor
from server.gamification.raffle_draws.errors import RaffleNotSealed
from server.gamification.raffle_draws.queries import get_seal, sealed_tree
from server.gamification.raffle_draws.types import Win
from server.gamification.raffle_draws.voiding import entrant_name
from server.gamification.raffle_prizes.claiming import claim_prize
from server.gamification.raffle_prizes.errors import PrizeClaimExpired, PrizeUnknown
from server.gamification.raffle_prizes.queries import page_wins
from server.gamification.raffles.errors import RaffleUnknown


class InclusionPath(Out):
    """That a line is in the sealed list: RFC 6962, from the leaf to the root."""

    line = Text(required=True)
    index = Integer(required=True)
    size = Integer(required=True)
    path = Items(Text(), required=True)


class InclusionOut(Out):
    """The member's tickets in the sealed list, each with its way to the signed root."""

    pool_root = Text(required=True)
    entrant = Text(required=True)
    items = Items(Nested(InclusionPath), required=True)


class PrizePage(Out):
    """A page of prizes, newest first."""

    items = Items(Nested(PrizeOut), required=True)
    next_cursor = Text(required=True, allow_none=True)


class PrizeClaimIn(RequestSchema):
    """Nothing needs to be said."""


class PrizeClaimed(Out):
    """A prize after it was claimed."""

    prize = Nested(PrizeOut, required=True)


@member.get(
    "/raffles/{raffle_id}/proof",
    "getRaffleProof",
    public=True,
    answers={200: RaffleProof},
    refuses=(RaffleUnknown, RaffleNotSealed),
)
def get_raffle_proof(call: Call, raffle_id: str) -> Reply:
    """Get the proof of a raffle, once it is sealed.

    With the list at `entries_url` anybody can draw the raffle again.
    """
    return Reply(present_proof(call.tx, raffle_id))


@member.get(
    "/me/raffles/{raffle_id}/inclusion",
    "getMyInclusion",
    answers={200: InclusionOut},
    refuses=(RaffleUnknown, RaffleNotSealed),
)
def get_my_inclusion(call: Call, raffle_id: str) -> Reply:
    """Get the proof that the member's tickets are in the sealed list."""
    root = get_seal(call.tx, raffle_id).pool_root
    entrant = entrant_name(call.tx, raffle_id, call.principal.id)
    lines, tree = sealed_tree(call.tx, raffle_id)
    mine = [(index, line) for index, line in enumerate(lines) if line[33:97] == entrant]
    items = []
    for index, line in mine:
        proof = tree.proof(index)
        items.append({"line": line, "index": index, "size": proof.size, "path": list(proof.path)})
    return Reply({"pool_root": root, "entrant": entrant, "items": items})


@member.get(
    "/me/prizes",
    "listMyPrizes",
    query=PageQuery,
    answers={200: PrizePage},
    refuses=(CursorInvalid,),
)
def list_my_prizes(call: Call) -> Reply:
    """List what the member has won in raffles, newest first."""
    scope, limit = f"prizes:{call.principal.id}", call.query["limit"]
    parameters = page_parameters(call.vault, scope, call.query["cursor"], limit)
    wins = page_wins(call.tx, call.principal.id, parameters)
    view = _view(call)

    def present(win: Win) -> dict[str, Any]:
        return present_prize(call.tx, win, view)

    def cursor_of(win: Win) -> str:
        return write_cursor(call.vault, scope, Position(win.won_at, win.id))

    return Reply(page_of(wins, limit, present, cursor_of))


@member.post(
    "/me/prizes/{prize_id}/claims",
    "claimPrize",
    body=PrizeClaimIn,
    answers={200: PrizeClaimed},
    refuses=(PrizeUnknown, PrizeClaimExpired),
    idempotency="required",
)
def claim_my_prize(call: Call, prize_id: str) -> Reply:
    """Claim a main prize; it costs nothing. Claimed again it stays as it is."""
    win = claim_prize(call.tx, call.principal.id, prize_id, call.now)
    return Reply({"prize": present_prize(call.tx, win, _view(call))})


def _view(call: Call) -> RaffleView:
    return RaffleView(call.configuration.programme, call.locale, call.now)
