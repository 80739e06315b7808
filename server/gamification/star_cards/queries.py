"""Reading star cards and what was claimed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from server.gamification.definitions.queries import Published
from server.gamification.star_cards.errors import StarCardUnknown
from server.gamification.star_cards.models import STAR_CARD_CLAIM
from server.gamification.star_cards.rules import collected, is_running
from server.gamification.star_cards.settings import STAR_CARDS
from server.gamification.star_cards.types import Collected, StarCard

_C = STAR_CARD_CLAIM.c
_PUBLISHED = Published(STAR_CARDS)
_LAST_NUMBER = select(func.coalesce(func.max(_C.number), 0)).where(
    _C.member_id == bindparam("member_id"), _C.card_id == bindparam("card_id")
)


def get_star_cards(tx: Connection, revision: str) -> tuple[StarCard, ...]:
    """Return the star cards in force at a programme revision, in the owner's order."""
    return _PUBLISHED.live(tx, revision)


def get_star_card(tx: Connection, revision: str, card_id: str) -> StarCard:
    """Return a star card by its id or key. Raise `StarCardUnknown`."""
    for card in get_star_cards(tx, revision):
        if card_id in (card.id, card.key):
            return card
    raise StarCardUnknown


def collected_of(
    cards: Sequence[StarCard], stars: Mapping[str, int], now: datetime
) -> list[Collected]:
    """Return how a member's cards stand, given spendable stars by unit.

    A card whose time is over is shown as long as there is something to claim.
    """
    found = [collected(card, stars.get(card.unit, 0)) for card in cards]
    return [one for one in found if is_running(one.card, now) or one.full]


def last_number(tx: Connection, member_id: str, card_id: str) -> int:
    """Return how many cards of this kind the member has exchanged."""
    asked = {"member_id": member_id, "card_id": card_id}
    return int(tx.execute(_LAST_NUMBER, asked).scalar_one())
