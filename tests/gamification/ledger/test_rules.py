"""Which lots a movement touches, as tables."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gamification.ledger import rules
from server.gamification.ledger.errors import AmountInvalid, BalanceInsufficient
from server.gamification.ledger.types import AMOUNT_MAX, Lot, LotDraw, Turn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def lot(name, remaining=10, expires=None, earned=0, pending=None, amount=None):
    """A lot by name; `expires`, `earned` and `pending` are days from now."""
    return Lot(
        id=name,
        amount=amount or max(remaining, 1),
        remaining=remaining,
        is_pending=pending is not None,
        earned_at=NOW + earned * DAY,
        available_at=NOW + pending * DAY if pending is not None else NOW,
        expires_at=NOW + expires * DAY if expires is not None else None,
        source_transfer_id=f"source of {name}",
    )


def names(lots):
    return [one.id for one in lots]


def test_soonest_expiry_is_spent_first_and_undated_last():
    lots = [lot("never"), lot("late", expires=9), lot("soon", expires=2)]
    assert names(rules.spendable(lots, NOW)) == ["soon", "late", "never"]


def test_of_equal_dates_the_oldest_is_spent_first_then_the_id_decides():
    lots = [lot("b", expires=5), lot("old", expires=5, earned=-3), lot("a", expires=5)]
    assert names(rules.spendable(lots, NOW)) == ["old", "a", "b"]


@pytest.mark.parametrize(
    ("one", "can_spend"),
    [
        (lot("fresh", expires=1), True),
        (lot("undated"), True),
        (lot("empty", remaining=0), False),
        (lot("past", expires=-1), False),
        (lot("at this instant", expires=0), False),
        (lot("pending", pending=3), False),
        (lot("due but not settled", pending=-1), False),
    ],
    ids=lambda value: value.id if isinstance(value, Lot) else "",
)
def test_only_live_points_can_be_spent(one, can_spend):
    assert bool(rules.spendable([one], NOW)) is can_spend


def test_a_lot_expires_at_its_instant_not_before():
    one = lot("one", expires=0)
    assert rules.is_expired(one, NOW)
    assert not rules.is_expired(one, NOW - timedelta(microseconds=1))


def test_what_is_due_comes_in_the_order_of_time_and_maturity_first():
    waiting = [lot("later", pending=-1), lot("first", pending=-3), lot("not yet", pending=1)]
    dated = [lot("b", expires=-1), lot("a", expires=-2), lot("alive", expires=1)]
    steps = rules.due_steps([*dated, *waiting], NOW)
    assert [(step.at, step.turn, names(step.lots)) for step in steps] == [
        (NOW - 3 * DAY, Turn.MATURITY, ["first"]),
        (NOW - 2 * DAY, Turn.EXPIRY, ["a"]),
        (NOW - DAY, Turn.MATURITY, ["later"]),
        (NOW - DAY, Turn.EXPIRY, ["b"]),
    ]


def test_points_mature_before_they_expire_whatever_their_dates():
    one = lot("short", pending=-1, expires=-2)
    steps = rules.due_steps([one], NOW)
    assert [(step.at, step.turn) for step in steps] == [
        (NOW - DAY, Turn.MATURITY),
        (NOW - 2 * DAY, Turn.EXPIRY),
    ]


def test_idle_points_expire_together_unless_their_own_day_came_first():
    idle_at = NOW - 2 * DAY
    dated = [lot("own day", expires=-3), lot("same day", expires=-2), lot("later", expires=9)]
    waiting = [lot("matured before", pending=-4), lot("matured after", pending=-1)]
    steps = rules.due_steps([*dated, *waiting, lot("undated")], NOW, idle_at)
    assert [(step.at, step.turn, names(step.lots)) for step in steps] == [
        (NOW - 4 * DAY, Turn.MATURITY, ["matured before"]),
        (NOW - 3 * DAY, Turn.EXPIRY, ["own day"]),
        (NOW - 2 * DAY, Turn.EXPIRY, ["same day"]),
        (NOW - 2 * DAY, Turn.INACTIVITY, ["later", "matured before", "undated"]),
        (NOW - DAY, Turn.MATURITY, ["matured after"]),
    ]
    assert len(rules.due_steps(dated, idle_at - DAY, idle_at)) == 1


def test_points_without_a_date_wait_for_confirmation():
    one = lot("unconfirmed", pending=0, expires=1)
    one.available_at = None
    assert rules.due_steps([one], NOW + 1000 * DAY) == []


@pytest.mark.parametrize(
    ("amount", "draws"),
    [
        (1, [("a", 1)]),
        (10, [("a", 10)]),
        (11, [("a", 10), ("b", 1)]),
        (15, [("a", 10), ("b", 5)]),
    ],
)
def test_lots_are_drawn_in_their_order(amount, draws):
    lots = [lot("a", 10), lot("b", 5)]
    assert rules.draw_lots(lots, amount) == [LotDraw(*draw) for draw in draws]


def test_too_little_is_refused_with_what_is_missing():
    with pytest.raises(BalanceInsufficient) as refusal:
        rules.draw_lots([lot("a", 10), lot("b", 5)], 16)
    assert refusal.value.params == {"available": 15, "missing": 1, "price": 16}


def test_drawing_at_most_stops_at_what_is_there():
    assert rules.draw_at_most([lot("a", 3)], 5) == [LotDraw("a", 3)]
    assert rules.draw_at_most([], 5) == []


def test_what_was_drawn_last_returns_first():
    draws = [LotDraw("a", 10), LotDraw("b", 5)]
    assert rules.returned_draws(draws, 5) == [LotDraw("b", 5)]
    assert rules.returned_draws(draws, 7) == [LotDraw("b", 5), LotDraw("a", 2)]


def test_more_than_was_drawn_cannot_return():
    with pytest.raises(AmountInvalid):
        rules.returned_draws([LotDraw("a", 10)], 11)


@given(
    drawn=st.lists(st.integers(1, 50), min_size=1, max_size=6),
    parts=st.lists(st.integers(1, 50), max_size=20),
)
def test_returns_in_parts_give_every_lot_exactly_what_was_taken(drawn, parts):
    """Whatever the parts, no lot gets more back than it gave, and all of it in the end."""
    out = {f"lot-{index}": amount for index, amount in enumerate(drawn)}
    taken = dict(out)
    for part in [*parts, sum(drawn)]:
        left = [LotDraw(name, amount) for name, amount in sorted(out.items()) if amount]
        for draw in rules.returned_draws(left, min(part, sum(out.values()))):
            out[draw.lot_id] -= draw.amount
        assert all(0 <= out[name] <= taken[name] for name in out)
    assert set(out.values()) == {0}


@pytest.mark.parametrize("amount", [0, -1, AMOUNT_MAX + 1])
def test_impossible_amounts_are_refused(amount):
    with pytest.raises(AmountInvalid):
        rules.check_amount(amount)


@pytest.mark.parametrize("amount", [1, AMOUNT_MAX])
def test_amounts_at_the_ends_are_possible(amount):
    rules.check_amount(amount)


@pytest.mark.parametrize(
    ("now", "days", "until"),
    [
        ("2026-11-22T12:00Z", 14, "2026-12-06T22:00Z"),
        ("2026-11-22T22:30Z", 14, "2026-12-07T22:00Z"),  # already the 23rd in Tallinn
        ("2026-03-20T12:00Z", 14, "2026-04-03T21:00Z"),  # over the day of 23 hours
        ("2026-10-20T12:00Z", 5, "2026-10-25T22:00Z"),  # the last day has 25 hours
        ("2028-02-28T12:00Z", 1, "2028-02-29T22:00Z"),
    ],
)
def test_grace_ends_with_a_calendar_day_of_the_programme(now, days, until):
    found = rules.grace_end(datetime.fromisoformat(now), days, ZoneInfo("Europe/Tallinn"))
    assert found == datetime.fromisoformat(until)
