"""Star cards: how full they are, and exchanging a full one."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.moved import moved_in_games
from server.api.presenters.balances import unit_view
from server.api.presenters.star_cards import StarCardOut, present_star_card
from server.api.presenters.updates import Updates, updates_of
from server.api.schemas import Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import tier_view_of
from server.core.i18n import in_language
from server.gamification.ledger.queries import spendable_now
from server.gamification.ledger.service import open_book
from server.gamification.programme.types import POINTS
from server.gamification.star_cards.errors import StarCardNotFull, StarCardUnknown
from server.gamification.star_cards.queries import collected_of, get_star_card, get_star_cards
from server.gamification.star_cards.rules import collected
from server.gamification.star_cards.service import claim


class StarCardsOut(Out):
    """All star cards of the member."""

    items = Items(Nested(StarCardOut), required=True)


class ClaimIn(RequestSchema):
    """Nothing needs to be said."""


class ClaimPart(Out):
    """A card that was exchanged: the member's `number`th one, and what it gave."""

    id = Text(required=True)
    number = Integer(required=True)
    gift = Text(required=True)


class ClaimOut(Out):
    """The claim, the card as it goes on, and the balances after it."""

    claim = Nested(ClaimPart, required=True)
    star_card = Nested(StarCardOut, required=True)
    updates = Nested(Updates, required=True)


@member.get("/me/star-cards", "listMyStarCards", answers={200: StarCardsOut})
def list_my_star_cards(call: Call) -> Reply:
    """List the member's star cards with the bar of each."""
    return Reply({"items": list_cards(call)})


@member.post(
    "/me/star-cards/{card_id}/claims",
    "claimStarCard",
    body=ClaimIn,
    answers={201: ClaimOut},
    refuses=(StarCardUnknown, StarCardNotFull),
    idempotency="required",
)
def claim_star_card(call: Call, card_id: str) -> Reply:
    """Exchange a full star card for its gift. The next card goes on with the stars left."""
    view = tier_view_of(call)
    card = get_star_card(call.tx, view.points.programme.revision, card_id)
    done = claim(call.tx, call.principal.id, card, call.principal.name, call.now)
    stars = open_book(call.tx, call.principal.id, card.unit, call.now).wallet
    points = open_book(call.tx, call.principal.id, POINTS, call.now).wallet
    told = {"id": done.claim_id, "number": done.number}
    body = {
        "claim": told | {"gift": in_language(card.gift_names, call.locale)},
        "star_card": present_star_card(
            collected(card, stars.available), view.of_unit(card.unit).points
        ),
        "updates": updates_of(points, None, view, [stars])
        | moved_in_games(call, call.principal.id, (), [stars]),
    }
    return Reply(body, 201)


def list_cards(call: Call) -> list[dict[str, Any]]:
    """Return the member's star cards as they are now."""
    programme = call.configuration.programme
    cards = get_star_cards(call.tx, programme.revision)
    units = {card.unit for card in cards}
    stars = {unit: spendable_now(call.tx, call.principal.id, unit, call.now) for unit in units}
    return [
        present_star_card(one, unit_view(programme, one.card.unit, call.locale, call.now))
        for one in collected_of(cards, stars, call.now)
    ]
