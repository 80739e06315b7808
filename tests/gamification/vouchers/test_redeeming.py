"""Taking rewards: what it costs, who may, how many, and what is refused without a trace."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.errors import NotFound
from server.core.outbox import OUTBOX
from server.gamification.definitions.queries import get_definition
from server.gamification.definitions.service import change_draft, pause, publish
from server.gamification.invariants.service import check_all
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.models import LOT, TRANSFER
from server.gamification.ledger.queries import list_wallets
from server.gamification.rewards.errors import (
    NotEligible,
    RewardLimitReached,
    RewardSoldOut,
    TierTooLow,
)
from server.gamification.rewards.settings import REWARDS
from server.gamification.rewards.types import StockState
from server.gamification.vouchers.ending import cancel
from server.gamification.vouchers.errors import CodeExhausted
from server.gamification.vouchers.pool import upload_codes
from server.gamification.vouchers.redeeming import Reason, issue
from server.gamification.vouchers.types import Fulfilment, VoucherState
from tests.builders.members import VAULT
from tests.builders.purchases import NOW, add_member, give, open_shop
from tests.builders.rewards import (
    EVA,
    coffee,
    donation,
    gift_card,
    give_lots,
    held,
    mug,
    offer,
    pieces,
    show,
    shown,
    take,
    vouchers_of,
)

DAY = timedelta(days=1)


@pytest.fixture
def ana(tx):
    """Ana has a hundred points; at the end everything is in order."""
    open_shop(tx)
    member_id = add_member(tx)
    give(tx, member_id, 100)
    yield member_id
    assert [str(found) for found in check_all(tx, NOW)] == []


def topics(tx):
    return list(tx.execute(select(OUTBOX.c.topic).order_by(OUTBOX.c.id)).scalars())


def test_a_reward_holds_its_price_until_the_end_of_the_voucher(tx, ana):
    voucher = take(tx, ana, offer(tx))
    assert held(tx, ana) == (70, 30)
    assert voucher.state is VoucherState.ACTIVE
    assert voucher.expires_at.isoformat() == "2026-11-29T22:00:00+00:00"  # midnight in Tallinn
    assert topics(tx) == ["reward.redeemed"]


def test_what_cannot_be_paid_is_refused(tx, ana):
    reward = offer(tx, price={"points": 101}, stock=1)
    point = tx.begin_nested()
    with pytest.raises(BalanceInsufficient) as refused:
        take(tx, ana, reward)
    point.rollback()
    assert refused.value.params == {"available": 100, "missing": 1, "price": 101}
    assert (held(tx, ana), vouchers_of(tx, ana)) == ((100, 0), [])


def test_prices_in_points_and_stars_are_held_together(tx, ana):
    give_lots(tx, ana, (5, 30), unit="stars")
    take(tx, ana, offer(tx, price={"points": 30, "stars": 4}))
    wallets = {row.unit: (row.available, row.held) for row in list_wallets(tx, ana)}
    assert wallets == {"points": (70, 30), "stars": (1, 4)}


def test_the_stock_is_counted_down_and_the_last_is_the_last(tx, ana):
    reward = offer(tx, stock=2)
    first, _ = take(tx, ana, reward), take(tx, ana, reward)
    with pytest.raises(RewardSoldOut):
        take(tx, ana, reward)
    assert pieces(tx, reward) == (2, 2, 0)
    show(tx, first)
    assert pieces(tx, reward) == (2, 1, 1)
    with pytest.raises(RewardSoldOut):
        take(tx, ana, reward)


def test_a_new_total_counts_from_the_next_redemption(tx, ana):
    reward = offer(tx, stock=2)
    take(tx, ana, reward)
    take(tx, ana, reward)
    for total, expected in ((1, (2, 2, 0)), (3, (3, 3, 0))):
        change_draft(
            tx,
            REWARDS,
            (reward, get_definition(tx, "reward", reward).edit),
            coffee(stock=total),
            EVA,
            NOW,
        )
        publish(tx, REWARDS, reward, EVA, NOW)
        point = tx.begin_nested()
        try:
            take(tx, ana, reward)
        except RewardSoldOut:
            assert total == 1
        point.commit()
        assert pieces(tx, reward) == expected


@pytest.mark.parametrize("tier", [None, "bronze", "silver"])
def test_a_reward_of_other_tiers_is_refused(tx, ana, tier):
    reward = offer(tx, tiers=["gold", "platinum"])
    with pytest.raises(TierTooLow) as refused:
        take(tx, ana, reward, tier=tier)
    assert refused.value.params == {"tiers": ["gold", "platinum"]}
    assert take(tx, ana, reward, tier="gold").state is VoucherState.ACTIVE


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"available": {"from": "2026-11-22T14:30:01Z"}}, ["not_available_now"]),
        ({"available": {"until": "2026-11-22T14:30:00Z"}}, ["not_available_now"]),
        ({"validity": {"until": "2026-11-22T14:30:00Z"}}, ["not_available_now"]),
        ({"gift_only": True}, ["gift_only"]),
    ],
)
def test_what_is_not_offered_now_is_refused(tx, ana, changes, reasons):
    reward = offer(tx, **changes)
    with pytest.raises(NotEligible) as refused:
        take(tx, ana, reward)
    assert refused.value.params == {"reasons": reasons}


def test_the_limit_ever_counts_what_was_not_given_back(tx, ana):
    reward = offer(tx, limit={"total": 1})
    voucher = take(tx, ana, reward)
    with pytest.raises(RewardLimitReached) as refused:
        take(tx, ana, reward)
    assert refused.value.params == {"limit": 1, "period": "ever"}
    cancel(tx, ana, voucher.id, "member:ana", NOW)
    assert take(tx, ana, reward).state is VoucherState.ACTIVE


def test_the_limit_of_a_month_begins_anew_on_the_first(tx, ana):
    reward = offer(tx, limit={"per_period": 1, "period": "month"}, validity={"days": 60})
    take(tx, ana, reward)
    last = NOW.replace(day=30, hour=21, minute=59)
    with pytest.raises(RewardLimitReached):
        take(tx, ana, reward, last)
    take(tx, ana, reward, last + timedelta(minutes=1))
    assert vouchers_of(tx, ana) == ["active", "active"]


def test_paused_and_unknown_rewards_are_not_there(tx, ana):
    reward = offer(tx)
    pause(tx, REWARDS, reward, EVA, NOW)
    for missing in (reward, "rwd_none"):
        with pytest.raises(NotFound):
            take(tx, ana, missing)


def test_a_donation_is_spent_at_once_for_the_cause(tx, ana):
    reward = offer(tx, "shelter", settings=donation(stock=3))
    voucher = take(tx, ana, reward)
    assert (voucher.state, voucher.stock) == (VoucherState.USED, StockState.SOLD)
    assert held(tx, ana) == (80, 0)
    moved = tx.execute(select(TRANSFER).where(TRANSFER.c.ref_id == voucher.id)).one()
    assert (moved.kind, moved.credit_account, moved.amount) == ("donation", "donation", 20)


def test_codes_of_others_are_given_once_and_paid_at_once(tx, ana):
    reward = offer(tx, "card", settings=gift_card())
    given = ["AAAA-1111", "", "bbbb-2222 ", "aaaa1111", "x" * 65]
    assert upload_codes(tx, VAULT, "card", given, EVA, NOW) == 2
    assert upload_codes(tx, VAULT, "card", given, EVA, NOW) == 0
    vouchers = [take(tx, ana, reward) for _ in range(2)]
    assert sorted(shown(tx, voucher) for voucher in vouchers) == ["aaaa1111", "bbbb-2222"]
    assert held(tx, ana) == (0, 0)
    give(tx, ana, 50)
    point = tx.begin_nested()
    with pytest.raises(CodeExhausted):
        take(tx, ana, reward)
    point.rollback()


def test_a_physical_gift_begins_as_an_order(tx, ana):
    voucher = take(tx, ana, offer(tx, "mug", settings=mug()))
    assert (voucher.fulfilment, voucher.state) == (Fulfilment.ORDERED, VoucherState.ACTIVE)


def test_a_voucher_is_given_for_nothing_beyond_limits_and_tiers(tx, ana):
    reward = offer(tx, tiers=["gold"], limit={"total": 1}, gift_only=True, stock=2)
    reason = Reason("challenge", "chl_1", "system:challenges")
    for _ in range(2):
        issue(tx, ana, "coffee", reason, NOW)
    assert (held(tx, ana), pieces(tx, reward)) == ((100, 0), (2, 2, 0))
    with pytest.raises(RewardSoldOut):
        issue(tx, ana, "coffee", reason, NOW)
    assert topics(tx) == ["voucher.issued"] * 2


def test_a_gift_that_fails_leaves_nothing_behind(tx, ana):
    reward = offer(tx, "card", settings=gift_card(stock=5))
    with pytest.raises(CodeExhausted):
        issue(tx, ana, "card", Reason("badge", "bdg_1", EVA), NOW)
    assert vouchers_of(tx, ana) == []
    upload_codes(tx, VAULT, "card", ["ONE"], EVA, NOW)
    issue(tx, ana, "card", Reason("badge", "bdg_1", EVA), NOW)
    assert pieces(tx, reward) == (5, 0, 1)


def test_the_soonest_points_are_held_first(tx, ana):
    give_lots(tx, ana, (10, 3), (30, 2))
    take(tx, ana, offer(tx))
    lots = select(LOT.c.remaining).order_by(LOT.c.amount)
    assert sorted(tx.execute(lots).scalars()) == [0, 10, 100]
