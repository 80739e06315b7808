"""Stars fill a card, a full card is exchanged, and the next one begins by itself."""

from datetime import UTC, datetime
from typing import Any

import pytest

from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.star_cards.rules import collected, is_in_ring, is_running
from server.gamification.star_cards.settings import read_star_card
from server.gamification.star_cards.types import CardState, StarCard

COFFEE: dict[str, Any] = {
    "names": {"en": "Coffee card"},
    "target": 10,
    "gift": [{"kind": "points", "amount": 50}],
    "gift_names": {"en": "50 points"},
}


def card(**changes: Any) -> StarCard:
    return read_star_card("stc_1", "coffee", COFFEE | changes)


@pytest.mark.parametrize(
    ("stars", "on_card", "full"),
    [(0, 0, 0), (9, 9, 0), (10, 0, 1), (11, 1, 1), (23, 3, 2), (-1, 0, 0)],
)
def test_stars_fill_cards(stars: int, on_card: int, full: int) -> None:
    found = collected(card(), stars)
    assert (found.stars, found.full) == (on_card, full)
    assert found.state is (CardState.FULL if full else CardState.COLLECTING)


def test_a_card_is_on_offer_from_its_start_until_its_end() -> None:
    one = card(starts_at="2026-03-01T00:00:00Z", ends_at="2026-04-01T00:00:00Z")
    days = [datetime(2026, 2, 28, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)]
    assert [is_running(one, day) for day in days] == [False, True]
    assert not is_running(one, datetime(2026, 4, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"target": 0}, "/target"),
        ({"head_start": 10}, "/head_start"),
        ({"gift": [{"kind": "stars", "amount": 1}]}, "/gift"),
        ({"image": {"url": "x"}}, "/image/url"),
        ({"image": {"url": "/x.png"}}, "/image/alt"),
        ({"names": None}, "/names"),
        ({"colour": "red"}, "/colour"),
        ({"starts_at": "2026-03-02T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z"}, "/ends_at"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(DefinitionInvalid) as refused:
        card(**changes)
    assert pointer in [error["pointer"] for error in refused.value.errors]


def giving(unit: str, of: str, **changes: Any) -> StarCard:
    """A card of one unit that gives stars of another, exchanged by itself."""
    gift = [{"kind": "stars", "amount": 5, "key": of}]
    return card(unit=unit, gift=gift, **{"claim": "automatic"} | changes)


def test_cards_that_fill_each_other_by_themselves_are_a_ring() -> None:
    beans, leaves = giving("beans", "leaves"), giving("leaves", "stars")
    closing = giving("stars", "beans")
    assert is_in_ring(closing, [beans, leaves])
    assert is_in_ring(leaves, [beans, closing])
    assert not is_in_ring(closing, [beans])
    assert not is_in_ring(giving("stars", "beans", claim="manual"), [beans, leaves])
    assert not is_in_ring(closing, [beans, giving("leaves", "stars", claim="manual")])
    assert not is_in_ring(giving("water", "beans"), [beans, leaves, closing])
