"""Purchases that are reported late, or a little too early: when their points can be used."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from tests.builders.members import NOW
from tests.builders.purchases import change_settings
from tests.builders.tills import code_of, good, points_of

DAY = timedelta(days=1)


def dates_of(bought):
    part = bought["effects"][0]["points"]
    return part["pending"], part["available_at"], part["expires_at"]


@pytest.mark.parametrize(
    ("occurred_at", "expires_at"),
    [
        ("2026-11-22T14:30:00Z", "2027-11-30T22:00:00Z"),
        ("2026-10-31T21:59:59Z", "2027-10-31T22:00:00Z"),  # 31 October, winter time in Tallinn
        ("2026-10-31T22:00:00Z", "2027-11-30T22:00:00Z"),  # 1 November there
        ("2026-03-10T10:00:00Z", "2027-03-31T21:00:00Z"),  # the last day of March in summer time
        ("2025-12-01T10:00:00Z", "2026-12-31T22:00:00Z"),
        ("2025-11-30T21:59:59Z", "2026-11-30T22:00:00Z"),
        ("2025-10-31T10:00:00Z", "2026-12-06T22:00:00Z"),  # over before it was known: two weeks
        ("2024-02-29T10:00:00Z", "2026-12-06T22:00:00Z"),
        ("2026-11-22T14:40:00Z", "2027-11-30T22:00:00Z"),  # a clock that is ten minutes fast
    ],
)
def test_points_are_good_for_a_year_from_the_purchase(till, cast, occurred_at, expires_at):
    bought = till.buy(cast.ben, 5000, occurred_at=occurred_at)
    assert bought["transaction"]["occurred_at"] == occurred_at
    assert dates_of(bought) == (False, "2026-11-22T14:30:00Z", expires_at)
    assert points_of(bought) == 5


def test_the_grace_of_a_late_purchase_is_usable_and_ends(shop, cast, clock_at):
    shop.buy(cast.ben, 5000, occurred_at="2025-10-31T10:00:00Z")
    clock_at.tick(14 * DAY + timedelta(hours=7, minutes=29))  # 6 December, the last minute
    held = shop.hold(cast.ben, 5)
    good(shop.post(f"/redemptions/{held}/release"))
    clock_at.tick(timedelta(minutes=1))
    refused = shop.post("/redemptions", {"member_id": cast.ben.id, "points": 1})
    assert code_of(refused) == (409, "balance_insufficient")
    assert points_of(shop.buy(cast.ben, 0)) == 0


def test_offsets_are_understood(till, cast):
    bought = till.buy(cast.ben, 5000, occurred_at="2026-11-01T00:00:00+02:00")
    assert bought["transaction"]["occurred_at"] == "2026-10-31T22:00:00Z"
    assert dates_of(bought)[2] == "2027-11-30T22:00:00Z"


def test_a_late_purchase_pays_what_is_owed(shop, cast):
    earned = shop.buy(cast.ben, 10_000)
    good(shop.post(f"/redemptions/{shop.hold(cast.ben, 10)}/capture"))
    shop.give_back(earned)
    late = shop.buy(cast.ben, 15_000, occurred_at="2025-10-31T10:00:00Z")
    (balance,) = late["updates"]["balances"]
    assert (balance["amount"], balance["debt"]) == (5, 0)


@pytest.mark.parametrize(
    ("occurred_at", "available_at", "pending"),
    [
        ("2026-11-22T14:30:00Z", "2026-11-24T22:00:00Z", True),
        ("2026-11-20T10:00:00Z", "2026-11-22T22:00:00Z", True),
        ("2026-11-19T10:00:00Z", "2026-11-22T14:30:00Z", False),
    ],
)
def test_pending_days_count_from_the_purchase(
    app, till, cast, clock_at, occurred_at, available_at, pending
):
    with app.app_context(), transaction() as tx:
        change_settings(tx, NOW, pending_days=3)
    bought = till.buy(cast.ben, 5000, occurred_at=occurred_at)
    assert dates_of(bought)[:2] == (pending, available_at)
    assert points_of(bought) == (0 if pending else 5)
    clock_at.tick(3 * DAY)
    assert points_of(till.buy(cast.ben, 0)) == 5


def test_an_expired_lot_is_written_off_by_the_next_purchase(shop, cast, clock_at):
    shop.buy(cast.ben, 5000)
    clock_at.tick(374 * DAY)
    (balance,) = shop.buy(cast.ben, 3000)["updates"]["balances"]
    assert (balance["amount"], balance["display"]) == (3, "3 points")
