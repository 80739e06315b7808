"""How a reward stands to a member: pure rules, as tables."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.gamification.rewards.rules import (
    missing_for,
    period_start,
    shelf_order,
    standing_of,
    stock_of,
)
from server.gamification.rewards.types import (
    Limit,
    Period,
    Reward,
    RewardKind,
    Shelf,
    Shopper,
    Stock,
    Taken,
    Validity,
    Window,
)
from server.gamification.vouchers.rules import voucher_end

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
TALLINN = ZoneInfo("Europe/Tallinn")
NAMES = {"en": "Coffee"}


def reward(**fields):
    fields.setdefault("price", {"points": 100})
    return Reward("rwd_1", "coffee", NAMES, RewardKind.SERVICE, version=2, **fields)


def rich(points, tier="bronze", stars=0):
    return Shopper(tier, {"points": points, "stars": stars})


@pytest.mark.parametrize(
    ("points", "shelf", "missing"),
    [
        (100, Shelf.AFFORDABLE, {}),
        (250, Shelf.AFFORDABLE, {}),
        (99, Shelf.ALMOST, {"points": 1}),
        (75, Shelf.ALMOST, {"points": 25}),
        (74, Shelf.SAVING, {"points": 26}),
        (0, Shelf.SAVING, {"points": 100}),
    ],
)
def test_three_quarters_of_the_price_are_almost_enough(points, shelf, missing):
    found = standing_of(reward(), rich(points), Taken(), None, NOW)
    assert (found.shelf, found.missing) == (shelf, missing)


def test_every_part_of_a_price_must_be_near():
    both = reward(price={"points": 100, "stars": 4})
    found = standing_of(both, rich(90, stars=1), Taken(), None, NOW)
    assert (found.shelf, found.missing) == (Shelf.SAVING, {"points": 10, "stars": 3})
    assert missing_for(both, {"points": 100}) == {"stars": 4}


@pytest.mark.parametrize(
    ("fields", "taken", "stock", "shelf", "reason"),
    [
        ({"tiers": ("gold",)}, Taken(), None, Shelf.LOCKED, "tier_too_low"),
        ({"stock": 3}, Taken(), Stock(3, 1, 2, 2), Shelf.SOLD_OUT, "reward_sold_out"),
        (
            {"limit": Limit(total=1)},
            Taken(1, 0),
            None,
            Shelf.NOT_ELIGIBLE,
            "reward_limit_reached",
        ),
        (
            {"limit": Limit(per_period=2)},
            Taken(5, 2),
            None,
            Shelf.NOT_ELIGIBLE,
            "reward_limit_reached",
        ),
        ({"limit": Limit(per_period=2)}, Taken(5, 1), None, Shelf.AFFORDABLE, None),
        (
            {"available": Window(until_at=NOW)},
            Taken(),
            None,
            Shelf.NOT_ELIGIBLE,
            "not_eligible",
        ),
        ({"available": Window(from_at=NOW)}, Taken(), None, Shelf.AFFORDABLE, None),
        ({"is_gift_only": True}, Taken(), None, Shelf.NOT_ELIGIBLE, "not_eligible"),
    ],
)
def test_what_stands_between_a_member_and_a_reward(fields, taken, stock, shelf, reason):
    found = standing_of(reward(**fields), rich(100), taken, stock, NOW)
    assert (found.shelf, found.reason) == (shelf, reason)


@pytest.mark.parametrize(
    ("total", "stored", "expected"),
    [
        (None, None, None),
        (None, Stock(3, 1, 1, 1), None),
        (5, None, Stock(5, 0, 0, 2)),
        (5, Stock(3, 1, 1, 2), Stock(3, 1, 1, 2)),
        (5, Stock(3, 1, 1, 1), Stock(5, 1, 1, 2)),
        (1, Stock(3, 1, 1, 1), Stock(2, 1, 1, 2)),
    ],
)
def test_a_published_total_counts_and_never_falls_below_what_is_given(total, stored, expected):
    assert stock_of(reward(stock=total), stored) == expected


@pytest.mark.parametrize(
    ("period", "start"),
    [
        (Period.DAY, "2026-11-21T22:00"),
        (Period.WEEK, "2026-11-15T22:00"),
        (Period.MONTH, "2026-10-31T22:00"),
        (Period.YEAR, "2025-12-31T22:00"),
    ],
)
def test_periods_begin_by_the_calendar_of_the_programme(period, start):
    assert period_start(period, NOW, TALLINN) == datetime.fromisoformat(start + ":00+00:00")


@pytest.mark.parametrize(
    ("validity", "end"),
    [
        (Validity(days=1), "2026-11-23T22:00:00+00:00"),
        (Validity(minutes=15), "2026-11-22T14:45:00+00:00"),
        (Validity(days=9, until_at=NOW + timedelta(hours=1)), "2026-11-22T15:30:00+00:00"),
        (Validity(days=1, until_at=NOW + timedelta(days=9)), "2026-11-23T22:00:00+00:00"),
    ],
)
def test_a_voucher_is_good_for_whole_days_or_for_minutes(validity, end):
    assert voucher_end(validity, NOW, TALLINN).isoformat() == end


def test_a_voucher_of_a_spring_day_ends_at_midnight_though_the_day_is_short():
    made = datetime(2026, 3, 28, 10, tzinfo=UTC)
    end = voucher_end(Validity(days=1), made, TALLINN)
    assert end.astimezone(TALLINN).isoformat() == "2026-03-30T00:00:00+03:00"


def test_what_can_be_had_comes_first_then_what_is_near():
    shelf = [
        (reward(tiers=("gold",)), rich(500)),
        (reward(price={"points": 300}), rich(290)),
        (reward(price={"points": 300}), rich(0)),
        (reward(price={"points": 90}), rich(100)),
        (reward(price={"points": 80}), rich(100)),
        (reward(price={"points": 99}, is_featured=True), rich(100)),
    ]
    found = [(one, standing_of(one, who, Taken(), None, NOW)) for one, who in shelf]
    keys = [shelf_order(*pair) for pair in found]
    assert sorted(range(6), key=lambda index: keys[index]) == [5, 4, 3, 1, 2, 0]
