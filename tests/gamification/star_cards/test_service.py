"""A full card is exchanged once for its gift."""

from typing import Any

import pytest
from sqlalchemy import Connection, select

from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.definitions.service import change_draft, create_draft, install
from server.gamification.definitions.service import publish as publish_draft
from server.gamification.grants.service import give
from server.gamification.grants.types import Reason
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import WALLET
from server.gamification.programme.queries import current_revision
from server.gamification.star_cards import service
from server.gamification.star_cards.errors import StarCardNotFull
from server.gamification.star_cards.queries import get_star_card
from server.gamification.star_cards.settings import STAR_CARDS
from server.gamification.star_cards.types import StarCard
from tests.builders.purchases import NOW, add_member, open_shop
from tests.gamification.star_cards.test_rules import COFFEE

EVA = "staff:eva"


@pytest.fixture
def ana(tx: Connection) -> str:
    """A member of a shop."""
    open_shop(tx)
    return add_member(tx)


def publish(tx: Connection, **changes: Any) -> StarCard:
    install(tx, STAR_CARDS, "coffee", COFFEE | changes, EVA, NOW)
    return get_star_card(tx, current_revision(tx), "coffee")


def add_stars(tx: Connection, member_id: str, amount: int) -> None:
    stars = [Benefit(BenefitKind.STARS, amount, "stars")]
    give(tx, member_id, stars, Reason("test", f"stars-{amount}", {}), EVA, NOW)


def held(tx: Connection, member_id: str) -> dict[str, int]:
    rows = tx.execute(select(WALLET).where(WALLET.c.member_id == member_id))
    return {row.unit: row.available for row in rows}


def test_a_full_card_gives_its_gift_and_the_next_one_goes_on(tx: Connection, ana: str) -> None:
    card = publish(tx)
    add_stars(tx, ana, 12)
    claimed = service.claim(tx, ana, card, EVA, NOW)
    assert (claimed.number, held(tx, ana)) == (1, {"points": 50, "stars": 2})
    add_stars(tx, ana, 8)
    assert service.claim(tx, ana, card, EVA, NOW).number == 2
    assert held(tx, ana) == {"points": 100, "stars": 0}
    assert check_all(tx, NOW) == []


def test_a_card_that_is_not_full_says_what_is_missing(tx: Connection, ana: str) -> None:
    card = publish(tx)
    add_stars(tx, ana, 7)
    with pytest.raises(StarCardNotFull) as refused:
        service.claim(tx, ana, card, EVA, NOW)
    assert refused.value.params == {"missing": 3, "target": 10}
    assert held(tx, ana) == {"points": 0, "stars": 7}


def test_the_head_start_is_given_once(tx: Connection, ana: str) -> None:
    cards = [publish(tx, head_start=2)]
    service.begin_cards(tx, ana, cards, EVA, NOW)
    service.begin_cards(tx, ana, cards, EVA, NOW)
    assert held(tx, ana) == {"points": 0, "stars": 2}


def test_cards_are_exchanged_by_themselves_where_the_shop_says_so(tx: Connection, ana: str) -> None:
    cards = [publish(tx, claim="automatic")]
    add_stars(tx, ana, 23)
    claimed = service.claim_full(tx, ana, cards, EVA, NOW)
    assert [one.number for one in claimed] == [1, 2]
    assert held(tx, ana) == {"points": 100, "stars": 3}
    assert service.claim_full(tx, ana, cards, EVA, NOW) == []
    assert check_all(tx, NOW) == []


def test_a_card_that_closes_a_ring_of_automatic_ones_is_not_published(
    tx: Connection, ana: str
) -> None:
    to_beans = [{"kind": "stars", "amount": 10, "key": "beans"}]
    to_stars = [{"kind": "stars", "amount": 10}]
    publish(tx, claim="automatic", gift=to_beans)
    other = COFFEE | {"claim": "automatic", "unit": "beans", "gift": to_stars}
    draft = create_draft(tx, STAR_CARDS, "beans", other, EVA, NOW)
    with pytest.raises(DefinitionInvalid) as refused, tx.begin_nested():
        publish_draft(tx, STAR_CARDS, draft.id, EVA, NOW)
    assert [error["code"] for error in refused.value.errors] == ["circular"]
    other |= {"claim": "manual"}
    change_draft(tx, STAR_CARDS, (draft.id, draft.edit), other, EVA, NOW)
    publish_draft(tx, STAR_CARDS, draft.id, EVA, NOW)
