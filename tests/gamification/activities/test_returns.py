"""Returns and cancellations: what they take back, give back, and do with points already spent."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.errors import NotFound
from server.core.outbox import OUTBOX
from server.gamification.activities.errors import DuplicateMismatch, ReturnExceedsSale
from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.types import Return
from server.gamification.earning.models import EARN_COUNTER
from server.gamification.facts.queries import get_facts
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import LOT, TRANSFER
from server.gamification.returns.service import return_purchase
from server.gamification.standings.queries import get_standing
from tests.builders.purchases import (
    NOW,
    add_member,
    add_rule,
    back,
    balances,
    buy,
    change_settings,
    give,
    give_back,
    hold,
    line,
    open_shop,
    put_in_tier,
    recording,
)


@pytest.fixture
def ana(tx):
    open_shop(tx)
    return add_member(tx)


def state_of(tx, outcome):
    return tx.execute(select(ACTIVITY.c.state).where(ACTIVITY.c.id == outcome.activity_id)).scalar()


def test_a_part_of_the_money_takes_a_part_of_the_points(tx, ana):
    bought = buy(tx, ana, 100_00)
    outcome = give_back(tx, bought, 35_00)
    assert (outcome.points_taken, outcome.shortfall, outcome.state) == (4, 0, "partly_returned")
    assert balances(tx, ana) == (6, 0, 0, 0)
    topics = tx.execute(select(OUTBOX.c.topic)).scalars().all()
    assert sorted(topics) == ["points.awarded", "points.reversed"]
    assert check_all(tx, NOW) == []


def test_pieces_of_a_line_take_what_the_line_earned(tx, ana):
    add_rule(tx, "item", 3, categories=["coffee"])
    rows = (line(60_00, 3, category="coffee"), line(40_00, 1, category="cakes"))
    bought = buy(tx, ana, 100_00, lines=rows)
    assert bought.trace["points"] == 19
    one_coffee = give_back(tx, bought, lines=(back(0, 1),))
    assert (one_coffee.points_taken, one_coffee.amount_minor) == (5, 20_00)
    assert get_facts(tx, ana).items == 3
    the_cake = give_back(tx, bought, lines=(back(1, 1),))
    assert (the_cake.points_taken, the_cake.amount_minor) == (4, 40_00)
    assert check_all(tx, NOW) == []


def test_a_whole_return_closes_the_purchase(tx, ana):
    bought = buy(tx, ana, 100_00)
    assert give_back(tx, bought).state == "returned"
    assert state_of(tx, bought) == "returned"
    with pytest.raises(ReturnExceedsSale):
        give_back(tx, bought)
    with pytest.raises(ReturnExceedsSale):
        give_back(tx, bought, 1)


def test_a_cancellation_takes_what_returns_have_left(tx, ana):
    bought = buy(tx, ana, 100_00)
    give_back(tx, bought, 30_00)
    cancelled = give_back(tx, bought, external_id="void", is_cancellation=True)
    assert (cancelled.state, cancelled.points_taken) == ("cancelled", 7)
    assert give_back(tx, bought, external_id="void", is_cancellation=True).is_duplicate
    assert balances(tx, ana) == (0, 0, 0, 0)
    assert check_all(tx, NOW) == []


def test_a_return_reported_again_has_its_first_outcome(tx, ana):
    bought = buy(tx, ana, 100_00)
    first = give_back(tx, bought, 30_00, external_id="r-1")
    again = give_back(tx, bought, 30_00, external_id="r-1")
    assert (first.is_duplicate, again.is_duplicate) == (False, True)
    assert (again.return_id, again.points_taken) == (first.return_id, 3)
    assert balances(tx, ana) == (7, 0, 0, 0)


def test_a_known_return_with_other_content_is_refused(tx, ana):
    bought = buy(tx, ana, 100_00)
    give_back(tx, bought, 30_00, external_id="r-1")
    with pytest.raises(DuplicateMismatch):
        give_back(tx, bought, 40_00, external_id="r-1")
    assert balances(tx, ana) == (7, 0, 0, 0)


@pytest.mark.parametrize("fields", [{"minor": 100_01}, {"lines": (back(0, 2),)}, {"minor": 0}])
def test_an_impossible_return_changes_nothing(tx, ana, fields):
    bought = buy(tx, ana, 100_00)
    with pytest.raises(ReturnExceedsSale):
        give_back(tx, bought, **fields)
    assert balances(tx, ana) == (10, 0, 0, 0)
    assert state_of(tx, bought) == "settled"


def test_an_unknown_purchase_is_not_found(tx, ana):
    with pytest.raises(NotFound):
        return_purchase(tx, "act_none", Return("r"), recording(tx))


@pytest.mark.parametrize(
    ("policy", "debt", "cash_minor"), [("debt", 6, 0), ("clamp", 0, 0), ("cash_value", 0, 6_00)]
)
def test_points_spent_already_are_owed_forgiven_or_paid_in_cash(tx, policy, debt, cash_minor):
    open_shop(tx, clawback=policy)
    ana = add_member(tx)
    bought = buy(tx, ana, 100_00)
    give(tx, ana, -6)
    outcome = give_back(tx, bought)
    assert (outcome.points_taken, outcome.shortfall, outcome.policy) == (4, 6, policy)
    assert outcome.cash_value_minor == cash_minor
    assert balances(tx, ana) == (0, 0, 0, debt)
    assert check_all(tx, NOW) == []
    buy(tx, ana, 100_00)
    assert balances(tx, ana) == (10 - debt, 0, 0, 0)
    assert check_all(tx, NOW) == []


def test_pending_points_are_taken_first(tx):
    open_shop(tx, pending_days=14)
    ana = add_member(tx)
    give(tx, ana, 100)
    bought = buy(tx, ana, 100_00)
    give_back(tx, bought, 40_00)
    assert balances(tx, ana) == (100, 6, 0, 0)


def test_a_return_uses_the_rules_of_its_purchase(tx, ana):
    bought = buy(tx, ana, 101_00)
    change_settings(tx, NOW, rounding="ceil", tax_basis="net")
    put_in_tier(tx, ana, "platinum")
    assert give_back(tx, bought, 1_00).points_taken == 0
    assert give_back(tx, bought).points_taken == 10


def test_a_tier_earned_by_the_purchase_goes_back_with_it(tx, ana):
    bought = buy(tx, ana, 5000_00)
    silver = get_standing(tx, ana).tier_id
    give_back(tx, bought, 10_00)
    assert get_standing(tx, ana).tier_id != silver
    topics = tx.execute(select(OUTBOX.c.topic)).scalars().all()
    assert sorted(topics)[-2:] == ["tier.downgraded", "tier.upgraded"]
    assert check_all(tx, NOW) == []


def test_nobody_falls_below_a_tier_that_was_given(tx, ana):
    put_in_tier(tx, ana, "silver")
    silver = get_standing(tx, ana).tier_id
    bought = buy(tx, ana, 20000_00)
    assert get_standing(tx, ana).tier_id != silver
    give_back(tx, bought)
    standing = get_standing(tx, ana)
    assert (standing.tier_id, standing.source) == (silver, "manual")
    assert check_all(tx, NOW) == []


def test_a_cap_is_free_again_for_the_day_of_the_purchase(tx, ana):
    add_rule(tx, "item", 10, points_per_period_max=15)
    bought = buy(tx, ana, 1_00)
    assert buy(tx, ana, 1_00).trace["points"] == 5
    give_back(tx, bought)
    assert tx.execute(select(EARN_COUNTER.c.points)).scalar_one() == 5
    assert buy(tx, ana, 1_00).trace["points"] == 10
    assert check_all(tx, NOW) == []


def test_spent_points_come_back_in_proportion_and_to_their_lots(tx, ana):
    give(tx, ana, 10, expires_at=NOW + timedelta(days=1))
    give(tx, ana, 10, expires_at=NOW + timedelta(days=9))
    held = hold(tx, ana, 15)
    bought = buy(tx, ana, 50_00, redemption_ids=(held.id,))
    assert give_back(tx, bought, 25_00).points_restored == 7
    assert give_back(tx, bought).points_restored == 8
    rows = tx.execute(select(LOT.c.remaining).order_by(LOT.c.expires_at)).scalars().all()
    assert rows == [10, 10, 0]
    assert check_all(tx, NOW) == []


def test_points_that_come_back_cover_what_is_taken(tx):
    open_shop(tx, clawback="clamp")
    ana = add_member(tx)
    give(tx, ana, 8)
    bought = buy(tx, ana, 100_00, redemption_ids=(hold(tx, ana, 8).id,))
    give(tx, ana, -10)
    outcome = give_back(tx, bought)
    assert (outcome.points_restored, outcome.points_taken, outcome.shortfall) == (8, 8, 2)
    assert balances(tx, ana) == (0, 0, 0, 0)
    assert check_all(tx, NOW) == []


def test_two_redemptions_come_back_each_to_its_own_lots_even_when_those_expired(tx, ana):
    give(tx, ana, 20, expires_at=NOW + timedelta(days=1))
    holds = [hold(tx, ana, 10) for _ in range(2)]
    bought = buy(tx, ana, 100_00, redemption_ids=tuple(one.id for one in holds))
    late = NOW + timedelta(days=2)
    assert give_back(tx, bought, 50_00, late).points_restored == 10
    assert give_back(tx, bought, None, late).points_restored == 10
    grace = tx.execute(select(LOT.c.amount).where(LOT.c.replaces_id.is_not(None)))
    assert grace.scalars().all() == [10, 10]
    spent = [part["transfer_id"] for part in bought.trace["spent"]]
    reversed_ids = select(TRANSFER.c.reverses_id).where(TRANSFER.c.reverses_id.in_(spent))
    assert sorted(tx.execute(reversed_ids).scalars()) == sorted(spent)
    assert check_all(tx, late) == []


def test_points_forgiven_are_claimed_when_they_come_back(tx):
    open_shop(tx, clawback="clamp")
    ana = add_member(tx)
    first = buy(tx, ana, 100_00)
    second = buy(tx, ana, 50_00, redemption_ids=(hold(tx, ana, 10).id,))
    assert give_back(tx, first).shortfall == 5
    outcome = give_back(tx, second, external_id="all")
    assert (outcome.points_restored, outcome.points_claimed, outcome.points_taken) == (10, 5, 5)
    assert balances(tx, ana) == (0, 0, 0, 0)
    again = give_back(tx, second, external_id="all")
    assert (again.is_duplicate, again.points_claimed, again.shortfall) == (True, 5, 0)
    assert check_all(tx, NOW) == []


def test_what_was_paid_in_cash_is_not_claimed_again(tx):
    open_shop(tx, clawback="cash_value")
    ana = add_member(tx)
    first = buy(tx, ana, 100_00)
    second = buy(tx, ana, 5_00, redemption_ids=(hold(tx, ana, 10).id,))
    assert give_back(tx, first).cash_value_minor == 10_00
    assert give_back(tx, second).points_claimed == 0
    assert balances(tx, ana) == (10, 0, 0, 0)
    assert check_all(tx, NOW) == []


@pytest.mark.parametrize(("minor", "taken"), [(15_00, 17), (29_99, 33), (1, 2)])
def test_a_piece_keeps_no_more_points_than_money(tx, ana, minor, taken):
    """1 a piece of 10.00 by the amount and 10 by the piece: 33 for three."""
    add_rule(tx, "item", 10, categories=["coffee"])
    bought = buy(tx, ana, 30_00, lines=(line(30_00, 3, category="coffee"),))
    assert bought.trace["points"] == 33
    assert give_back(tx, bought, minor).points_taken == taken
    assert check_all(tx, NOW) == []
    assert give_back(tx, bought).points_taken == 33 - taken
