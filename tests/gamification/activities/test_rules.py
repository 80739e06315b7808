"""From a receipt to a basket, and what is left of it after returns: tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gamification.activities.errors import (
    CurrencyMismatch,
    PurchaseInFuture,
    PurchaseTooOld,
    ReturnExceedsSale,
)
from server.gamification.activities.rules import (
    basket_lines,
    check_purchase,
    everything,
    is_all,
    lines_left,
    nothing_returned,
    restored_after,
    returned_after,
    shares,
)
from server.gamification.activities.types import (
    BasketLine,
    Configuration,
    Purchase,
    PurchaseLine,
    Recording,
    Return,
    Returned,
    ReturnLine,
)
from server.gamification.programme.types import Policies, Programme, TaxBasis
from server.gamification.tiers.types import Basis, Ladder

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLICIES = Policies(purchase_age_days_max=30, purchase_ahead_seconds_max=600)
SHOP = Programme("rev", "Shop", "EUR", ZoneInfo("Europe/Tallinn"), "en", ("en",), POLICIES)
RECORDING = Recording(Configuration(SHOP, (), Ladder(Basis.SPEND, ())), "device:dan", NOW)


def purchase(minor, *lines, at=NOW, currency="EUR", tax=0):
    return Purchase("mem_1", "till", "r1", at, minor, currency, tax, lines)


def paid(found):
    return [line.paid_minor for line in found]


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1], [50, 50]),
        (100, [1, 1, 1], [33, 33, 34]),
        (1, [1, 1, 1], [0, 0, 1]),
        (10, [0, 5, 0], [0, 10, 0]),
        (7, [3, 4], [3, 4]),
        (5, [0, 0], [0, 0]),
        (0, [1, 2], [0, 0]),
        (9, [], []),
    ],
)
def test_shares_add_up(total, weights, parts):
    assert shares(total, weights) == parts


@given(total=st.integers(0, 10**9), weights=st.lists(st.integers(0, 10**9), min_size=1))
def test_shares_are_exact_and_fair_to_a_unit(total, weights):
    parts = shares(total, weights)
    if sum(weights):
        assert sum(parts) == total
        pairs = zip(parts, weights, strict=True)
        assert all(
            abs(part * sum(weights) - total * weight) < sum(weights) for part, weight in pairs
        )


@pytest.mark.parametrize(
    ("bought", "amounts", "quantities"),
    [
        (purchase(100), [100], [1]),
        (purchase(100, PurchaseLine(60, 2)), [60, 40], [2, 0]),
        (purchase(100, PurchaseLine(60, 2), PurchaseLine(40)), [60, 40], [2, 1]),
        (purchase(90, PurchaseLine(60), PurchaseLine(40)), [54, 36], [1, 1]),  # 10 off the bill
        (purchase(0, PurchaseLine(60), PurchaseLine(40)), [0, 0], [1, 1]),  # paid with points
        (purchase(0), [0], [1]),
    ],
    ids=["no lines", "not covered", "exact", "discount", "all with points", "nothing"],
)
def test_lines_add_up_to_what_is_paid(bought, amounts, quantities):
    found = basket_lines(bought, TaxBasis.GROSS)
    assert paid(found) == amounts
    assert [line.quantity for line in found] == quantities
    assert [line.basis_minor for line in found] == amounts


@pytest.mark.parametrize(
    ("bought", "basis"),
    [
        (purchase(122_00, tax=22_00), [100_00]),
        (purchase(122_00, PurchaseLine(122_00, tax_minor=22_00)), [100_00]),
        (purchase(61_00, PurchaseLine(122_00, tax_minor=22_00)), [50_00]),
        (purchase(100_00, PurchaseLine(60_00, tax_minor=10_00), tax=18_00), [50_00, 32_00]),
    ],
)
def test_net_points_are_earned_on_what_is_left_of_the_price_without_tax(bought, basis):
    found = basket_lines(bought, TaxBasis.NET)
    assert [line.basis_minor for line in found] == basis


@pytest.mark.parametrize("at", [NOW - timedelta(days=30), NOW, NOW + timedelta(seconds=600)])
def test_purchases_of_the_last_days_are_taken(at):
    check_purchase(purchase(1, at=at), RECORDING)


@pytest.mark.parametrize(
    ("at", "refusal"),
    [
        (NOW - timedelta(days=30, seconds=1), PurchaseTooOld),
        (NOW + timedelta(seconds=601), PurchaseInFuture),
    ],
)
def test_purchases_too_old_or_in_the_future_are_refused(at, refusal):
    with pytest.raises(refusal):
        check_purchase(purchase(1, at=at), RECORDING)


def test_purchases_of_any_age_are_taken_where_that_is_asked_for():
    old = purchase(1, at=NOW - timedelta(days=3000))
    check_purchase(old, replace(RECORDING, any_age=True))


def test_another_currency_is_refused():
    with pytest.raises(CurrencyMismatch) as refusal:
        check_purchase(purchase(1, currency="USD"), RECORDING)
    assert refusal.value.params == {"expected": "EUR", "got": "USD"}


LINES = (BasketLine(60, 60, 3), BasketLine(40, 40, 1), BasketLine(0, 0, 2))
NONE = nothing_returned(LINES)


def returned(back, before=NONE):
    found = returned_after(LINES, before, back)
    return found.amounts, found.quantities


def pieces(position, quantity, minor=None):
    return Return("r", lines=(ReturnLine(position, quantity, minor),))


@pytest.mark.parametrize(
    ("back", "found"),
    [
        (Return("r", amount_minor=50), ([30, 20, 0], [0, 0, 0])),
        (Return("r", amount_minor=1), ([0, 1, 0], [0, 0, 0])),
        (Return("r", amount_minor=100), ([60, 40, 0], [3, 1, 2])),
        (Return("r"), ([60, 40, 0], [3, 1, 2])),
        (pieces(0, 1), ([20, 0, 0], [1, 0, 0])),
        (pieces(0, 3), ([60, 0, 0], [3, 0, 0])),
        (pieces(0, 1, 35), ([35, 0, 0], [1, 0, 0])),
        (pieces(0, 0, 10), ([10, 0, 0], [0, 0, 0])),
        (pieces(2, 1), ([0, 0, 0], [0, 0, 1])),
    ],
)
def test_what_has_come_back(back, found):
    assert returned(back) == found


def test_pieces_are_worth_their_share_of_what_is_left_of_their_line():
    before = Returned([25, 0, 0], [1, 0, 0])
    assert returned(pieces(0, 1), before) == ([42, 0, 0], [2, 0, 0])
    assert returned(pieces(0, 2), before) == ([60, 0, 0], [3, 0, 0])


@pytest.mark.parametrize(
    "back",
    [Return("r", amount_minor=101), pieces(0, 4), pieces(0, 1, 61), pieces(3, 1), pieces(2, 1, 1)],
)
def test_more_than_was_bought_cannot_come_back(back):
    with pytest.raises(ReturnExceedsSale):
        returned(back)


def test_a_line_is_back_when_its_money_is_or_without_money_its_pieces():
    assert is_all(LINES, everything(LINES))
    assert is_all(LINES, Returned([60, 40, 0], [0, 0, 2]))
    assert not is_all(LINES, Returned([60, 40, 0], [0, 0, 1]))
    assert not is_all(LINES, Returned([60, 39, 0], [3, 1, 2]))
    free = (BasketLine(0, 0, 2),)
    assert not is_all(free, nothing_returned(free))
    assert is_all(free, Returned([0], [2]))


def test_what_is_left_keeps_its_share_of_the_basis():
    net = (BasketLine(122, 100, 2, "tart", "cakes"),)
    (left,) = lines_left(net, Returned([61], [1]))
    assert (left.amount_minor, left.quantity, left.sku) == (50, 1, "tart")
    assert lines_left(net, everything(net)) == ()


@pytest.mark.parametrize(
    ("amounts", "quantities", "due"),
    [
        ([30, 20, 0], [0, 0, 0], 6),
        ([60, 39, 0], [3, 0, 2], 11),
        ([60, 40, 0], [3, 1, 0], 8),  # what was paid with points alone is still out
        ([60, 40, 0], [0, 0, 1], 10),
        ([60, 40, 0], [3, 1, 2], 12),
    ],
)
def test_spent_points_are_due_in_proportion_to_the_money(amounts, quantities, due):
    assert restored_after(12, LINES, Returned(amounts, quantities)) == due
