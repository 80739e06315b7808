"""Rewards that are given: a voucher for nothing, which goes with its grant while it is unused."""

import pytest

from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.service import give, take_back
from server.gamification.grants.types import PartState, Reason
from server.gamification.invariants.service import check_all
from server.gamification.vouchers.queries import find_voucher
from tests.builders.purchases import NOW, add_member, open_shop
from tests.builders.rewards import offer, pieces, show, vouchers_of

COFFEE = (Benefit(BenefitKind.REWARD, 1, "coffee"),)


@pytest.fixture
def ana(tx):
    """Ana; at the end everything is in order."""
    open_shop(tx)
    yield add_member(tx)
    assert [str(found) for found in check_all(tx, NOW)] == []


def given(tx, member_id, ref="one"):
    return give(tx, member_id, COFFEE, Reason("test", ref, {"en": "Well done"}), "staff:eva", NOW)


def test_a_reward_is_given_once_for_a_reason_and_taken_back(tx, ana):
    reward = offer(tx, stock=1)
    for _ in range(2):
        (part,) = given(tx, ana).parts
    assert part.state is PartState.GIVEN
    assert (vouchers_of(tx, ana), pieces(tx, reward)) == (["active"], (1, 1, 0))
    after = take_back(tx, ana, ("test", "one"), "staff:eva", NOW)
    assert after is not None
    assert [part.state for part in after.parts] == [PartState.TAKEN]
    assert (vouchers_of(tx, ana), pieces(tx, reward)) == (["withdrawn"], (1, 0, 0))


def test_what_was_used_is_kept_and_what_is_sold_out_is_told(tx, ana):
    offer(tx, stock=1)
    (part,) = given(tx, ana).parts
    (refused,) = given(tx, ana, "two").parts
    assert (refused.state, refused.why) == (PartState.REFUSED, "reward_sold_out")
    voucher = find_voucher(tx, part.ref or "")
    assert voucher is not None
    show(tx, voucher)
    after = take_back(tx, ana, ("test", "one"), "staff:eva", NOW)
    assert after is not None
    assert [part.state for part in after.parts] == [PartState.KEPT]
