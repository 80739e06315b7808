"""Purchases give tickets of raffles, and returns take them back until the raffle closes."""

import pytest

from server.gamification.activities.types import Return
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.invariants.service import check_all
from server.gamification.playing.returning import return_purchase
from server.gamification.playing.service import record_purchase
from server.gamification.tickets.queries import count_held
from tests.builders.purchases import NOW, add_member, open_shop, purchase, recording
from tests.builders.raffles import CLOSES_AT, DAY, open_raffle, standing


@pytest.fixture
def raffle(tx):
    """Each full 10 euros give two tickets, at most six for a purchase; ten for a member."""
    open_shop(tx)
    yield open_raffle(tx, purchases={"per_minor": 10_00, "tickets": 2, "most": 6})
    assert [str(found) for found in check_all(tx, NOW)] == []


@pytest.fixture
def ana(tx, raffle):
    return add_member(tx)


def buy(tx, member_id, minor, now=NOW):
    return record_purchase(tx, purchase(member_id, minor, now), recording(tx, now))


def give_back(tx, bought, minor, number, now=NOW):
    back = Return(external_id=f"back-{number}", amount_minor=minor)
    return return_purchase(tx, bought.activity_id, back, recording(tx, now))


@pytest.mark.parametrize(("minor", "tickets"), [(9_99, 0), (10_00, 2), (29_99, 4), (99_00, 6)])
def test_each_full_amount_gives_tickets_up_to_a_limit(tx, raffle, ana, minor, tickets):
    buy(tx, ana, minor)
    assert count_held(tx, raffle, ana) == tickets


def test_a_receipt_known_before_gives_nothing_more(tx, raffle, ana):
    bought = purchase(ana, 20_00)
    for _ in range(2):
        record_purchase(tx, bought, recording(tx))
    assert count_held(tx, raffle, ana) == 4


def test_the_cap_holds_and_leaves_no_needless_grants(tx, raffle, ana):
    for _ in range(4):
        buy(tx, ana, 30_00)
    assert count_held(tx, raffle, ana) == 10
    assert len(tx.execute(BENEFIT_GRANT.select()).all()) == 2


def test_tickets_shrink_with_what_comes_back(tx, raffle, ana):
    bought = buy(tx, ana, 30_00)
    give_back(tx, bought, 5_00, 1)
    assert count_held(tx, raffle, ana) == 4
    give_back(tx, bought, 4_00, 2)
    assert count_held(tx, raffle, ana) == 4
    give_back(tx, bought, None, 3)
    assert (count_held(tx, raffle, ana), standing(tx, raffle).entrants) == (0, 0)


def test_what_is_in_a_closed_raffle_stays(tx, raffle, ana):
    bought = buy(tx, ana, 30_00)
    give_back(tx, bought, None, 1, CLOSES_AT)
    assert count_held(tx, raffle, ana) == 6


def test_nobody_enters_who_may_not(tx, raffle, ana):
    gold = open_raffle(tx, "gold", who={"age_min": 18}, purchases={"per_minor": 1_00})
    late = open_raffle(tx, "late", opens_at=(NOW + DAY).isoformat(), purchases={"per_minor": 1})
    buy(tx, ana, 5_00)
    assert (count_held(tx, gold, ana), count_held(tx, late, ana)) == (0, 0)
    assert tx.execute(BENEFIT_GRANT.select()).all() == []
