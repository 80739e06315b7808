"""Vouchers that end unused: points go back to their lots and pieces to the shelf, by themselves."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.errors import NotFound
from server.core.outbox import OUTBOX
from server.gamification.holds.service import lapse_holds
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import LOT
from server.gamification.orders.fulfilment import fulfil
from server.gamification.vouchers.ending import cancel, lapse_vouchers, withdraw
from server.gamification.vouchers.errors import VoucherNotCancellable
from server.gamification.vouchers.pool import upload_codes
from server.gamification.vouchers.redeeming import Reason, issue
from server.gamification.vouchers.types import Fulfilment, VoucherState
from tests.builders.members import VAULT
from tests.builders.purchases import NOW, add_member, open_shop
from tests.builders.rewards import (
    EVA,
    donation,
    gift_card,
    give_lots,
    held,
    mug,
    offer,
    pieces,
    show,
    stored,
    take,
)

DAY = timedelta(days=1)
REASON = Reason("challenge", "chl_1", "system:challenges")


@pytest.fixture
def ana(tx):
    """Ana has three lots; at the end everything is in order."""
    open_shop(tx)
    member_id = add_member(tx)
    give_lots(tx, member_id, (10, 3), (20, 40), (70, 60))
    yield member_id
    assert [str(found) for found in check_all(tx, NOW + 20 * DAY)] == []


def lots(tx):
    """What is left of lots, with whether each is a grace lot."""
    rows = tx.execute(select(LOT).order_by(LOT.c.amount)).all()
    return [(row.remaining, row.replaces_id is not None) for row in rows]


def returned(tx):
    rows = tx.execute(select(OUTBOX.c.payload).where(OUTBOX.c.topic == "voucher.returned"))
    return [(row.payload["amounts"], row.payload["reason"]) for row in rows]


def test_cancelling_gives_points_and_piece_back(tx, ana):
    reward = offer(tx, stock=1)
    voucher = take(tx, ana, reward)
    assert lots(tx) == [(0, False), (0, False), (70, False)]
    for _ in range(2):
        ended = cancel(tx, ana, voucher.id, "member:ana", NOW)
    assert ended.state is VoucherState.CANCELLED
    assert lots(tx) == [(10, False), (20, False), (70, False)]
    assert (held(tx, ana), pieces(tx, reward)) == ((100, 0), (1, 0, 0))
    assert returned(tx) == [({"points": 30}, "cancelled")]


def test_a_voucher_of_somebody_else_is_not_there(tx, ana):
    voucher = take(tx, ana, offer(tx))
    with pytest.raises(NotFound):
        cancel(tx, add_member(tx), voucher.id, "member:ben", NOW)
    with pytest.raises(NotFound):
        cancel(tx, ana, "vch_none", "member:ana", NOW)
    assert stored(tx, voucher).state is VoucherState.ACTIVE


def refusal_of(tx, member_id, voucher, now=NOW):
    with pytest.raises(VoucherNotCancellable) as refused:
        cancel(tx, member_id, voucher.id, "member:ana", now)
    return refused.value.params["reason"]


def test_what_is_used_final_given_or_on_its_way_is_not_cancelled(tx, ana):
    used = take(tx, ana, offer(tx))
    show(tx, used)
    final = take(tx, ana, offer(tx, "final", cancellable=False, price={"points": 1}))
    order = take(tx, ana, offer(tx, "mug", settings=mug()))
    fulfil(tx, order.id, Fulfilment.PREPARED, EVA, NOW)
    given = issue(tx, ana, "final", REASON, NOW)
    donated = take(tx, ana, offer(tx, "shelter", settings=donation()))
    found = [refusal_of(tx, ana, one) for one in (used, final, order, given, donated)]
    assert found == ["used", "final", "used", "final", "used"]
    assert refusal_of(tx, ana, final, NOW + 8 * DAY) == "expired"
    assert lapse_vouchers(tx, NOW + 8 * DAY, 10) == 2


def test_an_unused_voucher_ends_by_itself_with_its_hold(tx, ana):
    reward = offer(tx, stock=1)
    voucher = take(tx, ana, reward)
    over = voucher.expires_at
    assert lapse_vouchers(tx, over - timedelta(seconds=1), 10) == 0
    assert lapse_holds(tx, over, 10) == 0
    assert lapse_vouchers(tx, over, 10) == 1
    assert lapse_vouchers(tx, over, 10) == 0
    assert (stored(tx, voucher).state, pieces(tx, reward)) == (VoucherState.EXPIRED, (1, 0, 0))
    assert returned(tx) == [({"points": 30}, "expired")]


def test_a_lot_that_expired_meanwhile_comes_back_for_a_while(tx, ana):
    voucher = take(tx, ana, offer(tx))
    lapse_vouchers(tx, voucher.expires_at, 10)
    assert lots(tx) == [(0, False), (10, True), (20, False), (70, False)]
    assert held(tx, ana) == (100, 0)


def test_many_vouchers_end_a_few_at_a_time(tx, ana):
    reward = offer(tx, price={"points": 1}, stock=7)
    for _ in range(7):
        take(tx, ana, reward)
    over = NOW + 8 * DAY
    assert [lapse_vouchers(tx, over, 3) for _ in range(4)] == [3, 3, 1, 0]
    assert pieces(tx, reward) == (7, 0, 0)


def test_a_gift_is_taken_back_while_it_is_unused(tx, ana):
    reward = offer(tx, stock=3)
    first, second, third = (issue(tx, ana, "coffee", REASON, NOW) for _ in range(3))
    show(tx, second)
    assert withdraw(tx, first.id, EVA, NOW) is True
    assert withdraw(tx, first.id, EVA, NOW) is False
    assert withdraw(tx, second.id, EVA, NOW) is False
    assert withdraw(tx, third.id, EVA, NOW + 8 * DAY) is False
    states = [stored(tx, one).state for one in (first, second, third)]
    assert states == [VoucherState.WITHDRAWN, VoucherState.USED, VoucherState.EXPIRED]
    assert (pieces(tx, reward), returned(tx)) == ((3, 0, 1), [])


def test_a_code_of_others_that_was_seen_is_not_given_again(tx, ana):
    reward = offer(tx, "card", settings=gift_card(stock=2))
    upload_codes(tx, VAULT, "card", ["ONE"], EVA, NOW)
    voucher = take(tx, ana, reward)
    assert withdraw(tx, voucher.id, EVA, NOW) is False
    assert refusal_of(tx, ana, voucher) == "final"
    assert lapse_vouchers(tx, NOW + 9 * DAY, 10) == 1
    assert (stored(tx, voucher).state, pieces(tx, reward)) == (VoucherState.EXPIRED, (2, 0, 1))
    assert returned(tx) == []
