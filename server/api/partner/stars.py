"""Stars without a basket: the stamp on a card."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.moved import moved_in_games
from server.api.partner import partner
from server.api.partner.own import actor_of, check_recorded_by
from server.api.presenters.rewards_given import given_text
from server.api.presenters.updates import Updates, updates_now
from server.api.schemas import Integer, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import benefit_view_of, tier_view_of
from server.core.errors import NotFound
from server.core.ids import EXAMPLE_MEMBER_ID
from server.gamification.grants.types import Given
from server.gamification.ledger.service import open_book
from server.gamification.members.errors import MemberBlocked, MemberMerged
from server.gamification.programme.types import POINTS
from server.gamification.stamps.errors import StampsSpent, StampUnitUnknown
from server.gamification.stamps.queries import find_stamp
from server.gamification.stamps.service import stamp, take_stamp_back

STARS_MAX = 100


class StarsIn(RequestSchema):
    """Stars to give; `unit` only where the shop has more units than points and one other."""

    example = {"member_id": EXAMPLE_MEMBER_ID, "stars": 1}

    member_id = Text(required=True, most=40)
    stars = Integer(required=True, least=1, most=STARS_MAX)
    unit = Text(most=20, load_default=None, allow_none=True)


class StarsCancellationIn(RequestSchema):
    """Nothing needs to be said."""


class StarsGiven(Out):
    """Stars given by hand. `state` is given or taken_back; `text` says them in words."""

    id = Text(required=True)
    member_id = Text(required=True)
    unit = Text(required=True)
    stars = Integer(required=True)
    state = Text(required=True)
    text = Text(required=True)


class StarsOut(Out):
    """The stars, and how the member stands after them."""

    given = Nested(StarsGiven, required=True)
    updates = Nested(Updates, required=True)


@partner.post(
    "/stars",
    "giveStars",
    scope="events:write",
    body=StarsIn,
    answers={201: StarsOut},
    refuses=(NotFound, MemberBlocked, MemberMerged, StampUnitUnknown, StampsSpent),
    idempotency="required",
)
def give_stars(call: Call) -> Reply:
    """Give a member stars without a basket, as a stamp on a paper card.

    A member gets at most `stamps_per_day_max` of a unit on a day in this way.
    """
    body = call.body
    given = stamp(call.tx, body["member_id"], body["unit"], body["stars"], actor_of(call), call.now)
    return Reply(_present(call, given), 201)


@partner.post(
    "/stars/{stars_id}/cancellation",
    "cancelStars",
    scope="events:write",
    body=StarsCancellationIn,
    answers={200: StarsOut},
    refuses=(NotFound,),
    idempotency="required",
)
def cancel_stars(call: Call, stars_id: str) -> Reply:
    """Take stars back that were given by hand; what was spent is owed. Repeating it is harmless."""
    row = find_stamp(call.tx, stars_id)
    if row is not None:
        check_recorded_by(call, row.actor, NotFound("There are no such stars."))
    return Reply(_present(call, take_stamp_back(call.tx, stars_id, actor_of(call), call.now)))


def _present(call: Call, given: Given) -> dict[str, Any]:
    (part,) = given.parts
    stars = open_book(call.tx, given.member_id, part.benefit.key, call.now).wallet
    points = open_book(call.tx, given.member_id, POINTS, call.now).wallet
    updates = updates_now(call.tx, points, tier_view_of(call), [stars])
    updates |= moved_in_games(call, given.member_id, [], [stars])
    shown = {
        "id": given.grant_id,
        "member_id": given.member_id,
        "unit": part.benefit.key,
        "stars": part.benefit.amount,
        "state": "given" if part.state == "given" else "taken_back",
        "text": given_text(part.benefit, benefit_view_of(call)),
    }
    return {"given": shown, "updates": updates}
