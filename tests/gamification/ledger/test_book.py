"""The book of a wallet: every movement, its transfers, its lots and its four balances."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from server.gamification.ledger.book import Book
from server.gamification.ledger.chain import GENESIS, chained_hash, note_hash
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.types import (
    Cause,
    Clawback,
    Hold,
    HoldState,
    Kind,
    LotDraw,
    Term,
    Wallet,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def book():
    return Book(Wallet("wal_1", "mem_1", "points"))


def cause(at=NOW, **fields):
    return Cause("staff", "stf-eva", "staff:eva", at, at, **fields)


def earn(book, amount, expires=None, pending=None, at=NOW):
    """Accrue points; `expires` and `pending` are days from `at`."""
    until = at + expires * DAY if expires is not None else None
    return book.accrue(amount, cause(at), Term(at + (pending or 0) * DAY, until))


def state(book):
    wallet = book.wallet
    return wallet.available, wallet.pending, wallet.held, wallet.debt


def moves(book):
    return [(row["kind"], row["amount"], row["balance_after"]) for row in book.transfers]


def lots(book):
    return sorted((lot.amount, lot.remaining) for lot in book.lots.values())


def draws_of(book, transfer_id):
    """The net draws of a transfer in spend order, as a query would give them."""
    return [
        LotDraw(row["lot_id"], row["amount"])
        for row in book.draws
        if row["transfer_id"] == transfer_id
    ]


def open_hold(book, transfer_id, amount):
    return Hold("hld_1", book.wallet.id, amount, 0, HoldState.HELD, NOW + DAY), draws_of(
        book, transfer_id
    )


def test_points_are_earned_into_one_lot(book):
    earn(book, 25, expires=30)
    assert state(book) == (25, 0, 0, 0)
    assert book.wallet.lifetime_earned == 25
    assert moves(book) == [("accrual", 25, 25)]
    assert lots(book) == [(25, 25)]


def test_transfers_are_numbered_and_chained(book):
    earn(book, 25)
    book.spend(5, cause())
    book.seal()
    assert [row["wallet_version"] for row in book.transfers] == [1, 2]
    assert book.transfers[0]["prev_hash"] == GENESIS
    for before, row in pairwise(book.transfers):
        assert row["prev_hash"] == before["hash"]
    earned, spent = book.transfers
    assert earned["hash"] == chained_hash(GENESIS, earned, "mem_1", list(book.lots.values()))
    assert spent["hash"] == chained_hash(earned["hash"], spent)
    assert book.wallet.head_hash == book.transfers[-1]["hash"]


def test_pending_points_cannot_be_spent_before_their_day(book):
    earn(book, 25, pending=3)
    assert state(book) == (0, 25, 0, 0)
    with pytest.raises(BalanceInsufficient):
        book.spend(1, cause())


def test_due_points_mature_with_the_instant_they_were_due(book):
    earn(book, 25, pending=3)
    book.settle(NOW + 5 * DAY)
    assert state(book) == (25, 0, 0, 0)
    row = book.transfers[-1]
    assert (row["kind"], row["occurred_at"]) == ("maturity", NOW + 3 * DAY)
    assert row["recorded_at"] == NOW + 5 * DAY


def test_confirmed_points_are_available_at_once(book):
    book.accrue(25, cause(), Term(None, None))
    (lot,) = book.lots.values()
    book.confirm([lot], cause(NOW + DAY))
    assert state(book) == (25, 0, 0, 0)
    book.confirm([], cause(NOW + DAY))
    assert len(book.transfers) == 2


def test_lots_past_their_date_expire_one_transfer_an_instant(book):
    earn(book, 10, expires=1)
    earn(book, 20, expires=1)
    earn(book, 30, expires=2)
    book.settle(NOW + 3 * DAY)
    assert state(book) == (0, 0, 0, 0)
    assert moves(book)[3:] == [("expiry", 30, 30), ("expiry", 30, 0)]
    assert [row["occurred_at"] for row in book.transfers[3:]] == [NOW + DAY, NOW + 2 * DAY]
    book.settle(NOW + 4 * DAY)
    assert len(book.transfers) == 5


def test_points_past_their_date_cannot_be_spent_before_the_sweep_either(book):
    earn(book, 10, expires=1)
    earn(book, 5, expires=9)
    with pytest.raises(BalanceInsufficient) as refusal:
        book.spend(6, cause(NOW + DAY))
    assert refusal.value.params["available"] == 5


def test_points_that_mature_and_expire_before_anybody_looks_do_both(book):
    earn(book, 10, expires=5, pending=2)
    book.settle(NOW + 9 * DAY)
    assert [kind for kind, _, _ in moves(book)] == ["accrual", "maturity", "expiry"]
    assert state(book) == (0, 0, 0, 0)


def test_spending_takes_from_several_lots(book):
    earn(book, 10, expires=9)
    earn(book, 10, expires=1)
    book.spend(12, cause())
    assert state(book) == (8, 0, 0, 0)
    assert lots(book) == [(10, 0), (10, 8)]


@pytest.mark.parametrize(("captured", "left"), [(8, 2), (3, 7), (1, 9)])
def test_a_capture_returns_the_rest_to_the_same_lots(book, captured, left):
    earn(book, 5, expires=1)
    earn(book, 5, expires=9)
    hold, draws = open_hold(book, book.hold(8, cause()), 8)
    assert state(book) == (2, 0, 8, 0)
    book.capture(hold, captured, draws, cause())
    assert state(book) == (left, 0, 0, 0)
    assert sum(lot.remaining for lot in book.lots.values()) == left
    assert len(book.new_lots) == 2


def test_a_released_hold_leaves_everything_as_it_was(book):
    earn(book, 5, expires=1)
    earn(book, 5, expires=9)
    hold, draws = open_hold(book, book.hold(8, cause()), 8)
    book.release(hold, draws, cause(), Kind.LAPSE)
    assert state(book) == (10, 0, 0, 0)
    assert lots(book) == [(5, 5), (5, 5)]


def test_held_points_do_not_expire_and_come_back_with_grace(book):
    earn(book, 8, expires=1)
    hold, draws = open_hold(book, book.hold(8, cause()), 8)
    late = NOW + 2 * DAY
    book.settle(late)
    book.grace_until = late + 14 * DAY
    book.release(hold, draws, cause(late), Kind.RELEASE)
    grace = list(book.lots.values())[-1]
    assert state(book) == (8, 0, 0, 0)
    assert (grace.expires_at, grace.remaining) == (late + 14 * DAY, 8)
    assert grace.replaces_id == next(iter(book.lots))


def test_points_do_not_live_for_ever_by_being_held(book):
    """A grace lot that is held over its own date gets no second grace."""
    earn(book, 8, expires=1)
    for days in (2, 17):
        late = NOW + days * DAY
        hold, draws = open_hold(book, book.hold(8, cause(late - 2 * DAY)), 8)
        book.grace_until = late + 14 * DAY
        book.release(hold, draws, cause(late), Kind.RELEASE)
        assert book.wallet.held == 0
    book.settle(NOW + 20 * DAY)
    assert state(book) == (0, 0, 0, 0)
    assert moves(book)[-1] == ("expiry", 8, 0)


def test_spent_points_return_to_their_lots_with_their_date(book):
    earn(book, 5, expires=1)
    earn(book, 5, expires=9)
    spent = book.spend(8, cause())
    book.restore(4, draws_of(book, spent), cause(reverses_id=spent), Kind.REDEMPTION)
    assert state(book) == (6, 0, 0, 0)
    assert lots(book) == [(5, 1), (5, 5)]


def test_points_of_an_expired_lot_return_as_a_grace_lot(book):
    earn(book, 5, expires=1)
    spent = book.spend(5, cause())
    late = NOW + 3 * DAY
    book.grace_until = late + 14 * DAY
    book.restore(5, draws_of(book, spent), cause(late, reverses_id=spent), Kind.REDEMPTION)
    assert state(book) == (5, 0, 0, 0)
    assert [lot.expires_at for lot in book.lots.values()][-1] == late + 14 * DAY


def test_a_clawback_takes_its_own_points_first(book):
    other = earn(book, 10, expires=1)
    earned = earn(book, 10, expires=9)
    book.claw_back(6, cause(reverses_id=earned), as_debt=True)
    left = {lot.source_transfer_id: lot.remaining for lot in book.lots.values()}
    assert left == {other: 10, earned: 4}
    assert book.wallet.lifetime_earned == 14


def test_a_clawback_takes_pending_points_before_available_ones(book):
    earn(book, 10)
    earned = earn(book, 10, pending=3)
    taken = book.claw_back(14, cause(reverses_id=earned), as_debt=True)
    assert taken == Clawback(14, 0, 0)
    assert state(book) == (6, 0, 0, 0)


def test_pending_points_of_other_purchases_are_left_alone(book):
    earned = earn(book, 10)
    book.spend(10, cause())
    earn(book, 10, pending=3)
    assert book.claw_back(10, cause(reverses_id=earned), as_debt=True) == Clawback(0, 10, 10)
    assert state(book) == (0, 10, 0, 10)


@pytest.mark.parametrize(
    ("as_debt", "found", "debt", "lifetime"),
    [(True, Clawback(4, 6, 6), 6, 0), (False, Clawback(4, 0, 6), 0, 6)],
    ids=["debt", "clamp or cash value"],
)
def test_what_was_spent_already_is_owed_or_reported(book, as_debt, found, debt, lifetime):
    earned = earn(book, 10)
    book.spend(6, cause())
    assert book.claw_back(10, cause(reverses_id=earned), as_debt=as_debt) == found
    assert state(book) == (0, 0, 0, debt)
    assert book.wallet.lifetime_earned == lifetime


@pytest.mark.parametrize(
    ("earned", "left"), [(4, (0, 0, 0, 2)), (6, (0, 0, 0, 0)), (9, (3, 0, 0, 0))]
)
def test_debt_is_paid_from_the_next_points(book, earned, left):
    first = earn(book, 6)
    book.spend(6, cause())
    book.claw_back(6, cause(reverses_id=first), as_debt=True)
    earn(book, earned)
    assert state(book) == left
    assert moves(book)[-1][0] == "settlement"


def test_debt_is_paid_when_pending_points_mature(book):
    first = earn(book, 6)
    book.spend(6, cause())
    earn(book, 10, pending=2)
    book.claw_back(6, cause(reverses_id=first), as_debt=True)
    assert state(book) == (0, 10, 0, 6)
    book.settle(NOW + 2 * DAY)
    assert state(book) == (4, 0, 0, 0)


def test_debt_is_paid_from_a_released_hold(book):
    first = earn(book, 10)
    hold, draws = open_hold(book, book.hold(10, cause()), 10)
    book.claw_back(4, cause(reverses_id=first), as_debt=True)
    assert state(book) == (0, 0, 10, 4)
    book.release(hold, draws, cause(), Kind.RELEASE)
    assert state(book) == (6, 0, 0, 0)


def test_a_settlement_is_no_reversal_and_repeats_no_note(book):
    first = earn(book, 6)
    spent = book.spend(6, cause())
    book.claw_back(6, cause(reverses_id=first), as_debt=True)
    book.restore(6, draws_of(book, spent), cause(reverses_id=spent, note="sorry"), Kind.REDEMPTION)
    settlement = book.transfers[-1]
    assert settlement["kind"] == "settlement"
    assert (settlement["reverses_id"], settlement["note_hash"]) == (None, None)
    assert len(book.notes) == 1


def test_a_note_enters_the_chain_only_as_its_hash(book):
    book.accrue(5, cause(note="for waiting"), Term(NOW, None), Kind.ADJUSTMENT)
    (note,) = book.notes
    assert note["text"] == "for waiting"
    assert book.transfers[0]["note_hash"] == note_hash(note["salt"], "for waiting")
    assert book.wallet.lifetime_earned == 0
