"""Orders of physical gifts: what waits, and what is called off with points and piece back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.audit import AUDIT
from server.core.errors import NotFound
from server.core.outbox import OUTBOX
from server.gamification.invariants.service import check_all
from server.gamification.orders.cancelling import cancel_order
from server.gamification.orders.fulfilment import fulfil
from server.gamification.orders.queries import list_waiting
from server.gamification.vouchers.ending import lapse_vouchers
from server.gamification.vouchers.errors import (
    FulfilmentStepWrong,
    VoucherEnded,
    VoucherNotCancellable,
)
from server.gamification.vouchers.pool import upload_codes
from server.gamification.vouchers.redeeming import Reason, issue
from server.gamification.vouchers.types import Fulfilment, VoucherState
from tests.builders.members import VAULT
from tests.builders.purchases import NOW, add_member, open_shop
from tests.builders.rewards import EVA, give_lots, held, mug, offer, pieces, show, stored, take

DAY = timedelta(days=1)


@pytest.fixture
def ana(tx):
    """Ana has a hundred points; at the end everything is in order."""
    open_shop(tx)
    member_id = add_member(tx)
    give_lots(tx, member_id, (100, 60))
    yield member_id
    assert [str(found) for found in check_all(tx, NOW + 30 * DAY)] == []


@pytest.fixture
def order(tx, ana):
    return take(tx, ana, offer(tx, "mug", settings=mug(stock=1)))


STEPS = {
    Fulfilment.ORDERED: (),
    Fulfilment.PREPARED: (Fulfilment.PREPARED,),
    Fulfilment.READY: (Fulfilment.PREPARED, Fulfilment.READY),
    Fulfilment.SENT: (Fulfilment.SENT,),
}


@pytest.mark.parametrize("step", STEPS)
def test_an_order_is_called_off_however_far_it_is(tx, ana, order, step):
    for one in STEPS[step]:
        fulfil(tx, order.id, one, EVA, NOW)
    for _ in range(2):
        ended = cancel_order(tx, order.id, "out of clay", EVA, NOW + DAY)
    assert ended.state is VoucherState.CANCELLED
    assert (held(tx, ana), pieces(tx, order.reward_id)) == ((100, 0), (1, 0, 0))
    told = tx.execute(select(OUTBOX.c.payload).where(OUTBOX.c.topic == "voucher.returned"))
    assert [payload["amounts"] for payload in told.scalars()] == [{"points": 40}]
    audited = select(AUDIT.c.after).where(AUDIT.c.action == "voucher.cancelled")
    assert tx.execute(audited).scalars().all() == [{"state": "cancelled", "reason": "out of clay"}]


@pytest.mark.parametrize("step", STEPS)
def test_an_order_that_was_called_off_is_not_handed_over(tx, ana, order, step):
    for one in STEPS[step]:
        fulfil(tx, order.id, one, EVA, NOW)
    cancel_order(tx, order.id, "out of clay", EVA, NOW)
    for later in Fulfilment:
        with pytest.raises(VoucherEnded):
            fulfil(tx, order.id, later, EVA, NOW)


def test_what_was_received_is_not_called_off(tx, order):
    show(tx, order)
    with pytest.raises(FulfilmentStepWrong):
        cancel_order(tx, order.id, "too late", EVA, NOW)
    assert stored(tx, order).fulfilment is Fulfilment.RECEIVED


def test_only_standing_orders_are_called_off(tx, ana, order):
    with pytest.raises(NotFound):
        cancel_order(tx, "vch_none", "no", EVA, NOW)
    coffee = take(tx, ana, offer(tx))
    with pytest.raises(FulfilmentStepWrong):
        cancel_order(tx, coffee.id, "no", EVA, NOW)
    lapse_vouchers(tx, order.expires_at, 10)
    with pytest.raises(VoucherEnded):
        cancel_order(tx, order.id, "no", EVA, order.expires_at)


def test_an_order_with_a_code_of_others_is_final(tx, ana):
    reward = offer(tx, "print", settings=mug(codes="uploaded"))
    upload_codes(tx, VAULT, "print", ["ONE"], EVA, NOW)
    order = take(tx, ana, reward)
    with pytest.raises(VoucherNotCancellable):
        cancel_order(tx, order.id, "no", EVA, NOW)


def test_a_given_order_has_nothing_to_give_back(tx, ana):
    offer(tx, "mug", settings=mug(stock=1))
    gift = issue(tx, ana, "mug", Reason("badge", "bdg_1", EVA), NOW)
    fulfil(tx, gift.id, Fulfilment.SENT, EVA, NOW)
    cancel_order(tx, gift.id, "lost in the post", EVA, NOW)
    assert (held(tx, ana), pieces(tx, gift.reward_id)) == ((100, 0), (1, 0, 0))


def test_what_waits_is_listed_until_it_is_received_or_called_off(tx, ana, order):
    second = take(tx, ana, offer(tx, "cup", settings=mug(price={"points": 1})), NOW + DAY)
    take(tx, ana, offer(tx, price={"points": 1}), NOW)
    fulfil(tx, order.id, Fulfilment.PREPARED, EVA, NOW + DAY)
    assert [one.id for one in list_waiting(tx, 9)] == [order.id, second.id]
    assert [one.id for one in list_waiting(tx, 1)] == [order.id]
    cancel_order(tx, second.id, "no", EVA, NOW + DAY)
    show(tx, order, NOW + DAY)
    assert list_waiting(tx, 9) == []
