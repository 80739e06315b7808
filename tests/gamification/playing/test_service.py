"""A purchase moves everything that it touches, and a return moves everything back."""

from typing import Any

import pytest
from sqlalchemy import Connection, select

from server.gamification.activities.types import Outcome, Return
from server.gamification.badges.models import BADGE_AWARD
from server.gamification.badges.settings import BADGES
from server.gamification.challenges.models import CHALLENGE_PROGRESS
from server.gamification.challenges.settings import CHALLENGES
from server.gamification.definitions.service import install
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import WALLET
from server.gamification.playing.joining import welcome
from server.gamification.playing.returning import return_purchase
from server.gamification.playing.service import record_purchase, record_purchases
from server.gamification.star_cards.settings import STAR_CARDS
from server.gamification.streaks.models import STREAK_RUN
from server.gamification.streaks.settings import STREAKS
from tests.builders.purchases import (
    NOW,
    add_member,
    add_rule,
    change_settings,
    line,
    open_shop,
    purchase,
    recording,
)
from tests.gamification.star_cards.test_rules import COFFEE

EVA = "staff:eva"
TWICE: dict[str, Any] = {
    "names": {"en": "Twice"},
    "metric": "count",
    "target": 2,
    "claim": {"mode": "automatic"},
    "benefits": [{"kind": "points", "amount": 20}],
}
REGULAR: dict[str, Any] = {
    "names": {"en": "Regular"},
    "levels": [
        {
            "names": {"en": "Regular"},
            "condition": {"fact": "purchases", "at_least": 2},
            "benefits": [{"kind": "points", "amount": 7}],
        }
    ],
}
DAILY: dict[str, Any] = {"names": {"en": "Every day"}, "period": "day"}


@pytest.fixture
def ana(tx: Connection) -> str:
    """A member of a shop with one of each game."""
    open_shop(tx)
    add_rule(tx, "item", 1, categories=["coffee"], unit="stars")
    install(tx, CHALLENGES, "twice", TWICE, EVA, NOW)
    install(tx, BADGES, "regular", REGULAR, EVA, NOW)
    install(tx, STREAKS, "daily", DAILY, EVA, NOW)
    card = COFFEE | {"target": 4, "claim": "automatic", "head_start": 1}
    install(tx, STAR_CARDS, "coffee", card, EVA, NOW)
    return add_member(tx)


def buy(tx: Connection, member_id: str, minor: int, coffees: int = 0) -> Outcome:
    lines = (line(minor, coffees, category="coffee"),) if coffees else ()
    return record_purchase(tx, purchase(member_id, minor, lines=lines), recording(tx))


def give_back(tx: Connection, bought: Outcome, minor: int | None = None) -> Any:
    back = Return(f"back-{bought.activity_id}-{minor}", amount_minor=minor)
    return return_purchase(tx, bought.activity_id, back, recording(tx))


def held(tx: Connection, member_id: str) -> dict[str, int]:
    rows = tx.execute(select(WALLET).where(WALLET.c.member_id == member_id))
    return {row.unit: row.available - row.debt for row in rows}


def stand(tx: Connection) -> tuple[list[Any], list[Any], list[Any]]:
    progress = tx.execute(select(CHALLENGE_PROGRESS.c.current)).scalars()
    awards = select(BADGE_AWARD.c.level).where(BADGE_AWARD.c.revoked_at.is_(None))
    runs = tx.execute(select(STREAK_RUN.c.current)).scalars()
    return [*progress], [*tx.execute(awards).scalars()], [*runs]


def test_a_purchase_counts_everywhere_and_the_outcome_shows_it(tx: Connection, ana: str) -> None:
    first = buy(tx, ana, 10_00)
    assert (held(tx, ana)["points"], stand(tx)) == (1, ([1], [], [1]))
    assert first.wallet.available == 1
    second = buy(tx, ana, 10_00)
    assert stand(tx) == ([2], [1], [1])
    assert held(tx, ana)["points"] == second.wallet.available == 1 + 1 + 20 + 7
    assert check_all(tx, NOW) == []


def test_a_return_takes_back_what_hung_on_it_and_no_more(tx: Connection, ana: str) -> None:
    buy(tx, ana, 10_00)
    bought = buy(tx, ana, 20_00)
    give_back(tx, bought, 10_00)
    assert (held(tx, ana)["points"], stand(tx)[1]) == (2 + 20 + 7, [1])
    outcome = give_back(tx, bought)
    assert (held(tx, ana)["points"], stand(tx)) == (1, ([1], [], [1]))
    assert outcome.wallet.available == 1
    assert check_all(tx, NOW) == []


def test_a_receipt_known_before_counts_once(tx: Connection, ana: str) -> None:
    bought = purchase(ana, 10_00)
    outcomes = record_purchases(tx, [bought, bought], recording(tx))
    record_purchase(tx, bought, recording(tx))
    assert [getattr(one, "is_duplicate", None) for one in outcomes] == [False, True]
    assert stand(tx) == ([1], [], [1])


def test_only_wallets_that_moved_are_opened_and_told(tx: Connection, ana: str) -> None:
    buy(tx, ana, 1_00)
    outcome = buy(tx, ana, 1_00)
    assert held(tx, ana) == {"points": 20 + 7}
    assert (outcome.wallet.available, outcome.others) == (27, ())
    outcome = buy(tx, ana, 1_00, coffees=1)
    assert [(wallet.unit, wallet.available) for wallet in outcome.others] == [("stars", 2)]


def test_stars_begin_with_a_head_start_and_a_full_card_is_exchanged(
    tx: Connection, ana: str
) -> None:
    buy(tx, ana, 5_00, coffees=2)
    assert held(tx, ana)["stars"] == 3
    buy(tx, ana, 5_00, coffees=3)
    assert held(tx, ana) == {"points": 50 + 20 + 7, "stars": 2}
    assert check_all(tx, NOW) == []


def test_a_batch_counts_like_one_after_the_other(tx: Connection, ana: str) -> None:
    ben = add_member(tx)
    mixed = [purchase(who, 10_00) for who in (ana, ben, ana)]
    outcomes = record_purchases(tx, mixed, recording(tx))
    assert all(isinstance(one, Outcome) for one in outcomes)
    assert (held(tx, ana)["points"], held(tx, ben)["points"]) == (29, 1)
    assert check_all(tx, NOW) == []


def test_a_new_member_is_welcomed_once(tx: Connection, ana: str) -> None:
    change_settings(tx, NOW, welcome=[{"kind": "points", "amount": 3}])
    first = welcome(tx, ana, EVA, NOW)
    second = welcome(tx, ana, EVA, NOW)
    assert first is not None
    assert second is not None
    assert second.is_repeated
    assert held(tx, ana) == {"points": 3, "stars": 1}
    assert check_all(tx, NOW) == []


def test_a_shop_may_welcome_with_nothing(tx: Connection, ana: str) -> None:
    assert welcome(tx, ana, EVA, NOW) is None
    assert held(tx, ana)["stars"] == 1
