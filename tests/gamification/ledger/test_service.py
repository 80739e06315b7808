"""Moving points in the database: what is stored, what the database refuses, what comes back."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from server.core.db import transaction
from server.core.errors import NotFound
from server.gamification.holds.errors import CaptureExceedsHold, HoldNotFound, HoldResolved
from server.gamification.holds.service import capture_hold, lapse_holds, release_hold
from server.gamification.invariants.service import check_all
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.models import HOLD, LOT, TRANSFER, TRANSFER_NOTE
from server.gamification.ledger.queries import net_draws, spendable_now
from server.gamification.ledger.service import adjust, find_book, load_lots, open_book, save_book
from server.gamification.ledger.types import Kind, LotDraw, Term
from server.gamification.programme.types import POINTS
from tests.builders.purchases import (
    NOW,
    add_member,
    balances,
    buy,
    by_hand,
    cause,
    give,
    give_back,
    hold,
    hold_cause,
    kinds,
    open_shop,
)

DAY = timedelta(days=1)


@pytest.fixture
def ana(tx):
    open_shop(tx)
    return add_member(tx)


def spend(tx, member_id, amount, now=NOW):
    book = open_book(tx, member_id, POINTS, now)
    transfer_id = book.spend(amount, by_hand(tx, member_id, -amount, now))
    save_book(tx, book)
    return transfer_id


def restore(tx, member_id, transfer_id, amount, now=NOW):
    book = open_book(tx, member_id, POINTS, now)
    draws = net_draws(tx, transfer_id)
    load_lots(tx, book, [draw.lot_id for draw in draws], now)
    by = by_hand(tx, member_id, amount, now, reverses_id=transfer_id)
    book.restore(amount, draws, by, Kind.REDEMPTION)
    save_book(tx, book)


def remaining(tx):
    """What is left of every lot, by expiry."""
    rows = tx.execute(select(LOT).order_by(LOT.c.expires_at, LOT.c.id))
    return [row.remaining for row in rows]


def test_nobody_has_no_wallet(tx):
    open_shop(tx)
    assert find_book(tx, "mem_nobody", POINTS, NOW) is None
    with pytest.raises(NotFound):
        open_book(tx, "mem_nobody", POINTS, NOW)


def test_an_adjustment_is_stored_with_its_reason(tx, ana):
    adjust(tx, ana, POINTS, 30, cause(note="for waiting"), Term(NOW, None))
    give(tx, ana, -10)
    assert balances(tx, ana) == (20, 0, 0, 0)
    assert kinds(tx, ana) == [("adjustment", 30), ("adjustment", 10)]
    assert tx.execute(select(TRANSFER_NOTE.c.text)).scalars().all() == ["for waiting"]
    assert check_all(tx, NOW) == []


def test_a_refused_spending_changes_nothing(tx, ana):
    give(tx, ana, 30)
    with pytest.raises(BalanceInsufficient):
        spend(tx, ana, 31)
    assert balances(tx, ana) == (30, 0, 0, 0)
    assert kinds(tx, ana) == [("adjustment", 30)]


def test_points_past_their_date_are_gone_before_any_sweep(tx, ana):
    give(tx, ana, 30, expires_at=NOW + DAY)
    assert spendable_now(tx, ana, POINTS, NOW) == 30
    assert spendable_now(tx, ana, POINTS, NOW + DAY) == 0
    with pytest.raises(BalanceInsufficient):
        spend(tx, ana, 1, NOW + DAY)


def test_whoever_touches_a_wallet_writes_down_what_expired(tx, ana):
    give(tx, ana, 30, expires_at=NOW + DAY)
    buy(tx, ana, 100_00, NOW + 2 * DAY)
    assert kinds(tx, ana) == [("adjustment", 30), ("expiry", 30), ("accrual", 10)]
    assert check_all(tx, NOW + 2 * DAY) == []


def test_a_hold_is_captured_once_in_part(tx, ana):
    give(tx, ana, 30)
    held = hold(tx, ana, 20)
    assert balances(tx, ana) == (10, 0, 20, 0)
    with pytest.raises(CaptureExceedsHold):
        capture_hold(tx, held.id, 21, hold_cause(held.id))
    capture_hold(tx, held.id, 15, hold_cause(held.id))
    assert balances(tx, ana) == (15, 0, 0, 0)
    for resolve in (lambda: capture_hold(tx, held.id, 1, hold_cause(held.id)),
                    lambda: release_hold(tx, held.id, hold_cause(held.id))):  # fmt: skip
        with pytest.raises(HoldResolved) as refusal:
            resolve()
        assert refusal.value.params == {"state": "captured"}
    assert check_all(tx, NOW) == []


def test_an_unknown_hold_is_not_found(tx, ana):
    with pytest.raises(HoldNotFound):
        capture_hold(tx, "hld_none", None, hold_cause("hld_none"))


def test_a_hold_past_its_time_is_not_captured_and_lapses_by_itself(tx, ana):
    give(tx, ana, 30)
    held, other = hold(tx, ana, 20), hold(tx, ana, 5, minutes=60)
    late = NOW + timedelta(minutes=15)
    with pytest.raises(HoldResolved) as refusal:
        capture_hold(tx, held.id, None, hold_cause(held.id, late))
    assert refusal.value.params == {"state": "lapsed"}
    assert lapse_holds(tx, late, limit=10) == 1
    assert lapse_holds(tx, late, limit=10) == 0
    assert balances(tx, ana) == (25, 0, 5, 0)
    states = {row.id: row.state for row in tx.execute(select(HOLD))}
    assert states == {held.id: "lapsed", other.id: "held"}
    assert check_all(tx, late) == []


def test_points_return_in_parts_to_the_lots_they_came_from(tx, ana):
    for days in (1, 2, 3):
        give(tx, ana, 10, expires_at=NOW + days * DAY)
    spent = spend(tx, ana, 25)
    assert remaining(tx) == [0, 0, 5]
    for part, left in ((7, [0, 2, 10]), (7, [0, 9, 10]), (11, [10, 10, 10])):
        restore(tx, ana, spent, part)
        assert remaining(tx) == left
    assert net_draws(tx, spent) == []
    assert check_all(tx, NOW) == []


def test_debt_that_returned_points_pay_is_not_taken_for_spending(tx, ana):
    """Half of a redemption comes back and pays a debt; the other half is still to come back."""
    bought = buy(tx, ana, 50_00)
    spend(tx, ana, 5)
    give(tx, ana, 5, expires_at=NOW + DAY)
    give(tx, ana, 5, expires_at=NOW + 2 * DAY)
    spent = spend(tx, ana, 10)
    give_back(tx, bought)
    restore(tx, ana, spent, 5)
    assert balances(tx, ana) == (0, 0, 0, 0)
    assert [draw.amount for draw in net_draws(tx, spent)] == [5]
    restore(tx, ana, spent, 5)
    assert balances(tx, ana) == (5, 0, 0, 0)
    assert check_all(tx, NOW) == []


def test_points_back_in_a_grace_lot_count_as_returned(tx, ana):
    give(tx, ana, 10, expires_at=NOW + DAY)
    spent = spend(tx, ana, 10)
    late = NOW + 2 * DAY
    restore(tx, ana, spent, 4, late)
    assert [draw.amount for draw in net_draws(tx, spent)] == [6]
    restore(tx, ana, spent, 6, late)
    assert net_draws(tx, spent) == []
    grace = select(LOT.c.amount).where(LOT.c.replaces_id.is_not(None)).order_by(LOT.c.amount)
    assert tx.execute(grace).scalars().all() == [4, 6]
    assert balances(tx, ana) == (10, 0, 0, 0)
    assert check_all(tx, late) == []


def test_grace_lasts_as_long_as_the_programme_says(tx):
    open_shop(tx, grace_lot_days=3)
    ana = add_member(tx)
    give(tx, ana, 10, expires_at=NOW + DAY)
    spent = spend(tx, ana, 10)
    late = NOW + 2 * DAY
    restore(tx, ana, spent, 10, late)
    grace = tx.execute(select(LOT).where(LOT.c.replaces_id.is_not(None))).one()
    assert grace.expires_at.isoformat() == "2026-11-27T22:00:00+00:00"
    assert net_draws(tx, spent) == []


def test_capture_and_return_of_a_hold_are_told_apart(tx, ana):
    give(tx, ana, 10, expires_at=NOW + DAY)
    give(tx, ana, 10, expires_at=NOW + 2 * DAY)
    held = hold(tx, ana, 18)
    captured = capture_hold(tx, held.id, 12, hold_cause(held.id))
    lots = tx.execute(select(LOT.c.id).order_by(LOT.c.expires_at)).scalars().all()
    assert net_draws(tx, captured, held.id) == [LotDraw(lots[0], 10), LotDraw(lots[1], 2)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transfer SET amount = 1",
        "UPDATE transfer SET actor = 'nobody'",
        "DELETE FROM transfer",
    ],
)
def test_the_database_refuses_to_change_what_is_written(app, statement):
    with app.app_context():
        with transaction() as tx:
            open_shop(tx)
            give(tx, add_member(tx), 30)
        with pytest.raises(DBAPIError, match="never changed or deleted"), transaction() as tx:
            tx.execute(text(statement))
        with transaction() as tx:
            assert tx.execute(select(TRANSFER.c.amount)).scalars().all() == [30]


def test_the_database_refuses_to_empty_the_ledger(postgresql_app):
    refusal = pytest.raises(DBAPIError, match="never changed or deleted")
    with postgresql_app.app_context(), refusal, transaction() as tx:
        tx.execute(text("TRUNCATE transfer CASCADE"))
