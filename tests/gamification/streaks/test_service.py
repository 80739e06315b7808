"""Streaks on a database: late reports, returns, milestones and freezes."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, select

from server.core.outbox import OUTBOX
from server.gamification.invariants.service import check_all
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.streaks.errors import FreezeNoneLeft
from server.gamification.streaks.queries import get_calendar
from server.gamification.streaks.service import Buyer, buy_freeze
from server.gamification.streaks.types import Streak
from tests.builders.games import DAY, MONDAY
from tests.builders.playing import open_streak, play, run_of, undo
from tests.builders.purchases import add_member, balances, give, open_shop

LATER = MONDAY + 60 * DAY
FIVE = [{"at": 3, "benefits": [{"kind": "points", "amount": 5}]}]


@pytest.fixture
def ana(tx: Connection) -> str:
    """A member of a shop with the four metals."""
    open_shop(tx, MONDAY)
    return add_member(tx, MONDAY)


def visit(tx: Connection, member_id: str, *days: int) -> list[Any]:
    return [play(tx, member_id, MONDAY + day * DAY) for day in days]


def state(tx: Connection, member_id: str, streak: Streak) -> tuple[int, int, int, int]:
    """Length, best, freezes and points."""
    run = run_of(tx, member_id, streak)
    return run.current, run.best, run.freezes, balances(tx, member_id)[0]


def test_a_milestone_is_given_when_it_is_reached(tx: Connection, ana: str) -> None:
    streak = open_streak(tx, milestones=FIVE)
    visit(tx, ana, 0, 1)
    assert state(tx, ana, streak) == (2, 2, 0, 0)
    visit(tx, ana, 2, 2, 3)
    assert state(tx, ana, streak) == (4, 4, 0, 5)
    visit(tx, ana, 5, 6, 7)
    assert state(tx, ana, streak) == (3, 4, 0, 10)
    assert check_all(tx, LATER) == []


@pytest.mark.parametrize(
    ("freezes", "days", "late", "expected"),
    [
        (0, (0, 2), 1, (3, 3, 0, 5)),
        (0, (0, 1, 3, 4), 2, (5, 5, 0, 5)),
        (0, (0, 1, 2, 4, 5, 6), 3, (7, 7, 0, 10)),
        (0, (5, 6), 3, (2, 2, 0, 0)),
        (0, (5, 6), 4, (3, 3, 0, 5)),
        (1, (0, 2), 1, (3, 3, 1, 5)),
        (1, (0, 3), 2, (3, 3, 0, 5)),
        (1, (0, 2), 2, (2, 2, 0, 0)),
    ],
)
def test_a_late_report_fills_the_past_where_it_connects(
    tx: Connection, ana: str, freezes: int, days: Any, late: int, expected: Any
) -> None:
    streak = open_streak(tx, milestones=FIVE, freezes={"start": freezes, "most": 1})
    visit(tx, ana, *days, late)
    assert state(tx, ana, streak) == expected
    assert check_all(tx, LATER) == []


@pytest.mark.parametrize(
    ("freezes", "gone", "expected"),
    [
        (0, 4, (4, 4, 0, 5)),
        (0, 2, (2, 2, 0, 0)),
        (0, 1, (3, 3, 0, 5)),
        (0, 0, (4, 4, 0, 5)),
        (1, 2, (4, 4, 0, 5)),
        (1, 4, (4, 4, 1, 5)),
    ],
)
def test_a_return_opens_the_run_where_nothing_else_was_done(
    tx: Connection, ana: str, freezes: int, gone: int, expected: Any
) -> None:
    streak = open_streak(tx, milestones=FIVE, freezes={"start": freezes, "most": 1})
    facts = visit(tx, ana, 0, 1, 2, 3, 4)
    twin = visit(tx, ana, 4)[0]
    undo(tx, twin)
    assert state(tx, ana, streak) == (5, 5, freezes, 5)
    undo(tx, facts[gone])
    assert state(tx, ana, streak) == expected
    undo(tx, facts[gone])
    assert state(tx, ana, streak) == expected
    assert check_all(tx, LATER) == []


def test_a_milestone_to_be_kept_is_kept_and_not_given_twice(tx: Connection, ana: str) -> None:
    streak = open_streak(tx, milestones=FIVE, on_refund="keep")
    facts = visit(tx, ana, 0, 1, 2)
    undo(tx, facts[2])
    assert state(tx, ana, streak) == (2, 2, 0, 5)
    visit(tx, ana, 2)
    assert state(tx, ana, streak) == (3, 3, 0, 5)
    assert check_all(tx, LATER) == []


def test_nothing_is_left_when_all_is_returned(tx: Connection, ana: str) -> None:
    streak = open_streak(tx, milestones=FIVE)
    for fact in visit(tx, ana, 0, 1, 2, 3):
        undo(tx, fact)
    run = run_of(tx, ana, streak)
    assert (run.current, run.last_on, balances(tx, ana)[0]) == (0, None, 0)
    visit(tx, ana, 5)
    assert state(tx, ana, streak) == (1, 1, 0, 0)
    assert check_all(tx, LATER) == []


def buyer(tx: Connection, member_id: str, today: date) -> Buyer:
    return Buyer(member_id, today, get_calendar(tx))


def test_a_bought_freeze_saves_what_is_missed_afterwards(tx: Connection, ana: str) -> None:
    streak = open_streak(tx, freezes={"start": 0, "most": 1, "price_points": 30})
    visit(tx, ana, 0)
    today = MONDAY.date()
    with pytest.raises(BalanceInsufficient):
        buy_freeze(tx, streak, buyer(tx, ana, today), MONDAY)
    give(tx, ana, 40, MONDAY)
    run, wallet = buy_freeze(tx, streak, buyer(tx, ana, today), MONDAY)
    assert (run.freezes, wallet.available) == (1, 10)
    with pytest.raises(FreezeNoneLeft):
        buy_freeze(tx, streak, buyer(tx, ana, today), MONDAY)
    visit(tx, ana, 2)
    assert state(tx, ana, streak) == (2, 2, 0, 10)
    told = tx.execute(select(OUTBOX.c.payload).where(OUTBOX.c.topic == "streak.saved")).scalars()
    assert [(one["used"], one["freezes_left"]) for one in told] == [(1, 0)]
    assert check_all(tx, LATER) == []


def test_a_freeze_bought_too_late_saves_nothing(tx: Connection, ana: str) -> None:
    streak = open_streak(tx, freezes={"start": 0, "most": 1, "price_points": 30})
    visit(tx, ana, 0)
    give(tx, ana, 30, MONDAY)
    run, _ = buy_freeze(
        tx, streak, buyer(tx, ana, MONDAY.date() + timedelta(days=2)), MONDAY + 2 * DAY
    )
    assert (run.current, run.best, run.freezes) == (0, 1, 1)
    visit(tx, ana, 2)
    assert state(tx, ana, streak) == (1, 1, 1, 0)
    visit(tx, ana, 1)
    assert state(tx, ana, streak) == (3, 3, 1, 0)
    assert check_all(tx, LATER) == []


def test_a_streak_without_freezes_for_sale_sells_none(tx: Connection, ana: str) -> None:
    streak = open_streak(tx, freezes={"start": 1, "most": 2})
    with pytest.raises(FreezeNoneLeft):
        buy_freeze(tx, streak, buyer(tx, ana, MONDAY.date()), MONDAY)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_reports_does_not_matter_and_nothing_is_left_in_the_end(
    tx: Connection, ana: str, seed: int
) -> None:
    chance = Random(seed)
    days = chance.sample(range(14), 9)
    streak = open_streak(tx, milestones=FIVE)
    facts = visit(tx, ana, *days)
    shuffled, ben = run_of(tx, ana, streak), add_member(tx, MONDAY)
    visit(tx, ben, *sorted(days))
    ordered = run_of(tx, ben, streak)
    for name in ("current", "best", "run_from_on", "last_on"):
        assert getattr(shuffled, name) == getattr(ordered, name)
    assert check_all(tx, LATER) == []
    for fact in chance.sample(facts, len(facts)):
        undo(tx, fact)
    assert (run_of(tx, ana, streak).current, balances(tx, ana)[0]) == (0, 0)
    assert check_all(tx, LATER) == []
