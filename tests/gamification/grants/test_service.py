"""A benefit is given once for a reason, and can be taken back."""

from typing import Any

import pytest
from sqlalchemy import Connection, select

from server.core.errors import NotFound
from server.core.outbox import OUTBOX
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.grants.service import give, take_back
from server.gamification.grants.types import Given, PartState, Reason
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import WALLET
from server.gamification.standings.queries import get_standing
from tests.builders.purchases import NOW, add_member, balances, hold, open_shop

EVA = "staff:eva"
POINTS_50 = Benefit(BenefitKind.POINTS, 50, "points")
STARS_2 = Benefit(BenefitKind.STARS, 2, "stars")
SILVER = Benefit(BenefitKind.TIER, 1, "silver")


@pytest.fixture
def ana(tx: Connection) -> str:
    """A member of a shop with the four metals."""
    open_shop(tx)
    return add_member(tx)


def present(tx: Connection, member_id: str, *benefits: Benefit, ref: str = "one") -> Given:
    reason = Reason("test", ref, {"en": "A present"})
    return give(tx, member_id, benefits, reason, EVA, NOW)


def take(tx: Connection, member_id: str, ref: str = "one") -> Given | None:
    return take_back(tx, member_id, ("test", ref), EVA, NOW)


def states(given: Given | None) -> list[Any]:
    assert given is not None
    return [(part.benefit.kind, part.state, part.why) for part in given.parts]


def test_points_and_stars_are_given_once_for_a_reason(tx: Connection, ana: str) -> None:
    first = present(tx, ana, POINTS_50, STARS_2)
    second = present(tx, ana, POINTS_50, STARS_2)
    assert (first.is_repeated, second.is_repeated) == (False, True)
    assert second.parts == first.parts
    held = tx.execute(select(WALLET.c.unit, WALLET.c.available).order_by(WALLET.c.unit)).all()
    assert held == [("points", 50), ("stars", 2)]
    assert check_all(tx, NOW) == []


def test_another_reason_gives_again(tx: Connection, ana: str) -> None:
    present(tx, ana, POINTS_50)
    present(tx, ana, POINTS_50, ref="two")
    assert balances(tx, ana) == (100, 0, 0, 0)


def test_what_was_given_is_taken_back_once(tx: Connection, ana: str) -> None:
    present(tx, ana, POINTS_50)
    assert states(take(tx, ana)) == [("points", PartState.TAKEN, None)]
    assert take(tx, ana) is None
    assert balances(tx, ana) == (0, 0, 0, 0)
    assert check_all(tx, NOW) == []


def test_what_was_set_aside_meanwhile_is_owed(tx: Connection, ana: str) -> None:
    present(tx, ana, POINTS_50)
    hold(tx, ana, 30)
    take(tx, ana)
    assert balances(tx, ana) == (0, 0, 30, 30)


def test_a_reason_that_was_taken_back_gives_nothing_more(tx: Connection, ana: str) -> None:
    present(tx, ana, POINTS_50)
    take(tx, ana)
    assert present(tx, ana, POINTS_50).is_repeated
    assert balances(tx, ana) == (0, 0, 0, 0)


def test_a_tier_is_given_and_kept(tx: Connection, ana: str) -> None:
    assert states(present(tx, ana, SILVER)) == [("tier", PartState.GIVEN, None)]
    assert states(take(tx, ana)) == [("tier", PartState.KEPT, None)]
    assert get_standing(tx, ana).reason == "A present"


def test_a_benefit_that_cannot_be_given_does_not_stop_the_others(tx: Connection, ana: str) -> None:
    given = present(tx, ana, Benefit(BenefitKind.TIER, 1, "wood"), POINTS_50)
    assert states(given) == [
        ("tier", PartState.REFUSED, "tier_unknown"),
        ("points", PartState.GIVEN, None),
    ]
    assert [part.why for part in present(tx, ana).parts] == ["tier_unknown", None]


def test_nobody_is_given_nothing(tx: Connection, ana: str) -> None:
    with pytest.raises(NotFound):
        present(tx, "mem_none", POINTS_50)
    assert tx.execute(select(BENEFIT_GRANT)).all() == []


def test_what_is_given_and_taken_back_is_told(tx: Connection, ana: str) -> None:
    present(tx, ana, POINTS_50)
    take(tx, ana)
    told = tx.execute(select(OUTBOX.c.topic).where(OUTBOX.c.member_id == ana)).scalars()
    assert [topic for topic in told if topic.startswith("grant.")] == [
        "grant.given",
        "grant.taken_back",
    ]
