"""A badge that is given brings its own benefits, one level deep, and goes with its grant."""

import pytest
from sqlalchemy import Connection

from server.gamification.badges.queries import list_held
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.service import give, take_back
from server.gamification.grants.types import Given, PartState, Reason
from server.gamification.invariants.service import check_all
from tests.builders.badges import EVA, FIVE_POINTS, publish
from tests.builders.purchases import NOW, add_member, balances, open_shop

HERO = Benefit(BenefitKind.BADGE, 1, "hero")


@pytest.fixture
def ana(tx: Connection) -> str:
    open_shop(tx)
    publish(tx, "last", None)
    deep = [*FIVE_POINTS, {"kind": "badge", "key": "last"}]
    publish(tx, "hero", None, levels=[{"benefits": deep}, {"benefits": FIVE_POINTS}])
    return add_member(tx)


def present(tx: Connection, member_id: str, benefit: Benefit = HERO, ref: str = "one") -> Given:
    return give(tx, member_id, [benefit], Reason("test", ref, {"en": "A present"}), EVA, NOW)


def points(tx: Connection, member_id: str) -> int:
    return balances(tx, member_id)[0]


def test_a_badge_brings_its_benefits_and_a_badge_among_them_nothing_more(
    tx: Connection, ana: str
) -> None:
    given = present(tx, ana)
    assert [part.state for part in given.parts] == [PartState.GIVEN]
    assert (len(list_held(tx, ana, NOW.date())), points(tx, ana)) == (2, 5)
    assert present(tx, ana).is_repeated
    assert points(tx, ana) == 5
    assert check_all(tx, NOW) == []


def test_a_badge_that_is_held_or_unknown_is_not_given_and_the_refusal_is_kept(
    tx: Connection, ana: str
) -> None:
    present(tx, ana)
    for ref, benefit, why in (
        ("two", HERO, "badge_held"),
        ("three", Benefit(BenefitKind.BADGE, 9, "hero"), "badge_unknown"),
        ("four", Benefit(BenefitKind.BADGE, 1, "none"), "badge_unknown"),
    ):
        (part,) = present(tx, ana, benefit, ref).parts
        assert (part.state, part.why) == (PartState.REFUSED, why)
    assert points(tx, ana) == 5


def test_the_amount_is_the_level(tx: Connection, ana: str) -> None:
    present(tx, ana, Benefit(BenefitKind.BADGE, 2, "hero"))
    assert [one.level for one in list_held(tx, ana, NOW.date())] == [2]


def test_with_its_grant_goes_the_badge_and_all_that_it_brought(tx: Connection, ana: str) -> None:
    present(tx, ana)
    taken = take_back(tx, ana, ("test", "one"), EVA, NOW)
    assert taken is not None
    assert [part.state for part in taken.parts] == [PartState.TAKEN]
    assert (list_held(tx, ana, NOW.date()), points(tx, ana)) == ((), 0)
    assert take_back(tx, ana, ("test", "one"), EVA, NOW) is None
    assert check_all(tx, NOW) == []
