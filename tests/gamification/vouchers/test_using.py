"""Vouchers at the till: used once, undone, good only in time and place."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.gamification.holds.errors import HoldNotFound
from server.gamification.holds.service import capture_hold, release_hold
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import HOLD, LOT
from server.gamification.members.errors import MemberBlocked
from server.gamification.members.service import block_member
from server.gamification.orders.fulfilment import fulfil
from server.gamification.rewards.types import StockState
from server.gamification.vouchers.ending import cancel, lapse_vouchers
from server.gamification.vouchers.errors import (
    CodeUnknown,
    FulfilmentStepWrong,
    UndoTooLate,
    VoucherEnded,
    VoucherExpired,
    VoucherUsed,
    VoucherWrongLocation,
)
from server.gamification.vouchers.types import Fulfilment, Till, VoucherState
from server.gamification.vouchers.using import look_at_voucher, undo_use, use_voucher
from tests.builders.members import VAULT
from tests.builders.purchases import (
    NOW,
    TILL,
    add_member,
    buy,
    give,
    give_back,
    hold_cause,
    open_shop,
)
from tests.builders.rewards import (
    DAN,
    EVA,
    donation,
    give_lots,
    held,
    id_of_use,
    mug,
    offer,
    pieces,
    show,
    shown,
    stored,
    take,
    uses,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def ana(tx):
    """Ana has a hundred points; at the end everything is in order."""
    open_shop(tx)
    member_id = add_member(tx)
    give(tx, member_id, 100)
    yield member_id
    assert [str(found) for found in check_all(tx, NOW + 30 * DAY)] == []


def lots(tx):
    return sorted(tx.execute(select(LOT.c.remaining)).scalars())


def test_using_a_voucher_spends_its_price_and_sells_its_piece(tx, ana):
    reward = offer(tx, stock=3)
    seen = show(tx, take(tx, ana, reward))
    assert (seen.voucher.state, seen.use and seen.use.location_id) == (
        VoucherState.USED,
        "loc_main",
    )
    assert (held(tx, ana), pieces(tx, reward)) == ((70, 0), (3, 0, 1))


def test_looking_changes_nothing(tx, ana):
    voucher = take(tx, ana, offer(tx))
    seen = look_at_voucher(tx, VAULT, shown(tx, voucher), DAN, NOW)
    assert (seen.voucher, seen.use) == (stored(tx, voucher), None)
    assert held(tx, ana) == (70, 30)


@pytest.mark.parametrize("written", ["{0}", "L1V.{0}", " {0} ", "{1}", "{2}"])
def test_a_code_is_understood_as_scanned_and_as_typed(tx, ana, written):
    voucher = take(tx, ana, offer(tx))
    code = shown(tx, voucher)
    typed = written.format(code, code.lower().replace("0", "o"), "-".join(code))
    assert look_at_voucher(tx, VAULT, typed, DAN, NOW).voucher.id == voucher.id


@pytest.mark.parametrize("code", ["", "7F4K22QD9XMPA3K2T1", "L1V.", "ä" * 18])
def test_a_code_that_nobody_has_is_unknown(tx, ana, code):
    with pytest.raises(CodeUnknown):
        use_voucher(tx, VAULT, code, DAN, NOW)


def test_a_used_voucher_says_when_and_where(tx, ana):
    voucher = take(tx, ana, offer(tx))
    show(tx, voucher)
    for ask in (look_at_voucher, use_voucher):
        with pytest.raises(VoucherUsed) as refused:
            ask(tx, VAULT, shown(tx, voucher), Till("device:other"), NOW + MINUTE)
        told = {"used_at": "2026-11-22T14:30:00Z", "location_id": "loc_main"}
        assert refused.value.params == told
    assert uses(tx) == 1


def test_the_same_report_again_has_its_first_outcome(tx, ana):
    voucher = take(tx, ana, offer(tx))
    till = Till(TILL, "loc_main", "slip-7")
    first, again = show(tx, voucher, till=till), show(tx, voucher, NOW + DAY, till)
    assert (again.is_repeated, again.use) == (True, first.use)
    with pytest.raises(VoucherUsed):
        show(tx, voucher, till=Till("device:other", "loc_main", "slip-7"))


def test_a_voucher_is_good_until_its_end_and_not_at_it(tx, ana):
    voucher = take(tx, ana, offer(tx, validity={"minutes": 30}))
    with pytest.raises(VoucherExpired):
        show(tx, voucher, NOW + 30 * MINUTE)
    show(tx, voucher, NOW + 29 * MINUTE)
    assert held(tx, ana) == (70, 0)


def test_a_voucher_is_good_at_its_places_only(tx, ana):
    voucher = take(tx, ana, offer(tx, locations=["loc_other"]))
    with pytest.raises(VoucherWrongLocation) as refused:
        show(tx, voucher)
    assert refused.value.params == {"locations": ["loc_other"]}
    show(tx, voucher, till=Till(TILL, "loc_other"))


def test_a_cancelled_voucher_is_no_good(tx, ana):
    voucher = take(tx, ana, offer(tx))
    cancel(tx, ana, voucher.id, "member:ana", NOW)
    with pytest.raises(VoucherEnded):
        show(tx, voucher)


def test_the_voucher_of_a_blocked_member_is_no_good(tx, ana):
    voucher = take(tx, ana, offer(tx))
    block_member(tx, ana, EVA, "why", NOW)
    with pytest.raises(MemberBlocked):
        show(tx, voucher)
    assert held(tx, ana) == (70, 30)


def test_undoing_gives_the_points_back_to_their_lots_and_holds_them_anew(tx, ana):
    give_lots(tx, ana, (10, 60), (15, 40))
    reward = offer(tx, stock=1)
    seen = show(tx, take(tx, ana, reward))
    assert lots(tx) == [0, 0, 95]
    after = undo_use(tx, id_of_use(seen), TILL, NOW + MINUTE)
    assert (after.voucher.state, after.voucher.stock) == (VoucherState.ACTIVE, StockState.RESERVED)
    assert (held(tx, ana), pieces(tx, reward)) == ((95, 30), (1, 1, 0))
    cancel(tx, ana, seen.voucher.id, "member:ana", NOW + MINUTE)
    assert lots(tx) == [10, 15, 100]


def test_an_undone_voucher_can_be_used_and_undone_again(tx, ana):
    voucher = take(tx, ana, offer(tx))
    for minute in range(3):
        seen = show(tx, voucher, NOW + minute * MINUTE)
        undo_use(tx, id_of_use(seen), TILL, NOW + minute * MINUTE)
    again = undo_use(tx, id_of_use(seen), TILL, NOW + DAY)
    assert (again.is_repeated, uses(tx)) == (True, 0)
    show(tx, voucher, NOW + DAY)
    assert (held(tx, ana), uses(tx)) == ((70, 0), 1)


def test_undoing_is_possible_for_a_quarter_of_an_hour(tx, ana):
    seen = show(tx, take(tx, ana, offer(tx)))
    with pytest.raises(UndoTooLate):
        undo_use(tx, id_of_use(seen), TILL, NOW + 15 * MINUTE + timedelta(seconds=1))
    assert undo_use(tx, id_of_use(seen), TILL, NOW + 15 * MINUTE).voucher.ended_at is None


def test_a_voucher_that_would_be_over_lives_a_day_longer_when_its_use_is_undone(tx, ana):
    voucher = take(tx, ana, offer(tx, validity={"minutes": 5}))
    seen = show(tx, voucher, NOW + 4 * MINUTE)
    after = undo_use(tx, id_of_use(seen), TILL, NOW + 10 * MINUTE).voucher
    assert after.expires_at == NOW + 10 * MINUTE + DAY
    assert lapse_vouchers(tx, after.expires_at, 10) == 1
    assert held(tx, ana) == (100, 0)


def test_points_that_come_back_to_a_debt_pay_it_and_the_voucher_is_over(tx, ana):
    bought = buy(tx, ana, 400_00)
    reward = offer(tx, stock=1, price={"points": 140})
    seen = show(tx, take(tx, ana, reward))
    give_back(tx, bought, now=NOW + MINUTE)
    after = undo_use(tx, id_of_use(seen), TILL, NOW + 2 * MINUTE).voucher
    assert (after.state, held(tx, ana)) == (VoucherState.CANCELLED, (100, 0))
    assert pieces(tx, reward) == (1, 0, 0)


def test_points_held_for_a_voucher_are_no_redemption_of_the_till(tx, ana):
    take(tx, ana, offer(tx))
    hold_id = tx.execute(select(HOLD.c.id)).scalar_one()
    with pytest.raises(HoldNotFound):
        capture_hold(tx, hold_id, None, hold_cause(hold_id))
    with pytest.raises(HoldNotFound):
        release_hold(tx, hold_id, hold_cause(hold_id))
    assert held(tx, ana) == (70, 30)


def test_a_donation_is_not_undone(tx, ana):
    take(tx, ana, offer(tx, settings=donation()))
    use = tx.execute(select(HOLD.c.id)).first()
    assert (use, uses(tx), held(tx, ana)) == (None, 1, (80, 0))


def test_a_gift_is_prepared_made_ready_and_handed_over(tx, ana):
    voucher = take(tx, ana, offer(tx, settings=mug(stock=1)))
    assert fulfil(tx, voucher.id, Fulfilment.PREPARED, EVA, NOW).state is VoucherState.USED
    assert held(tx, ana) == (60, 0)
    assert fulfil(tx, voucher.id, Fulfilment.READY, EVA, NOW + MINUTE).fulfilment == "ready"
    assert fulfil(tx, voucher.id, Fulfilment.READY, EVA, NOW + MINUTE).fulfilment == "ready"
    seen = show(tx, voucher, NOW + DAY)
    assert (seen.voucher.fulfilment, uses(tx)) == (Fulfilment.RECEIVED, 1)
    with pytest.raises(VoucherUsed):
        show(tx, voucher, NOW + DAY)


@pytest.mark.parametrize("to", [Fulfilment.RECEIVED, Fulfilment.ORDERED, Fulfilment.PREPARED])
def test_steps_of_the_handing_over_follow_each_other(tx, ana, to):
    voucher = take(tx, ana, offer(tx, settings=mug()))
    coffee = take(tx, ana, offer(tx, "other"))
    with pytest.raises(FulfilmentStepWrong):
        fulfil(tx, coffee.id, to, EVA, NOW)
    if to is Fulfilment.RECEIVED:
        with pytest.raises(FulfilmentStepWrong):
            fulfil(tx, voucher.id, to, EVA, NOW)
    assert stored(tx, voucher).fulfilment is Fulfilment.ORDERED


def test_a_gift_handed_over_at_once_is_received(tx, ana):
    voucher = take(tx, ana, offer(tx, settings=mug()))
    assert show(tx, voucher).voucher.fulfilment is Fulfilment.RECEIVED
