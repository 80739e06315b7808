"""Switching expiry on, changing it and switching it off, on points that exist."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from server.core.audit import AUDIT
from server.core.db import transaction
from server.gamification.holds.service import release_hold
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import LOT
from server.gamification.ledger.service import save_books
from server.gamification.ledger.sweeping import expire_due
from server.gamification.points.errors import ExpiryInvalid
from server.gamification.points.ladders import expiry_ladder
from server.gamification.points.switching import Loser, Loss, change_expiry, forecast_expiry
from server.gamification.programme.errors import ProgrammeMissing
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import POINTS, ExpiryKind, ExpiryPolicy, ExpiryRounding
from tests.builders.purchases import (
    add_member,
    balances,
    buy,
    give,
    hold,
    hold_cause,
    open_shop,
    wallet,
)

JUNE = datetime(2026, 6, 15, 9, tzinfo=UTC)
YEAR = ExpiryPolicy(ExpiryKind.MONTHS, 12, ExpiryRounding.MONTH)
HALF = ExpiryPolicy(ExpiryKind.MONTHS, 6)
IDLE = ExpiryPolicy(ExpiryKind.INACTIVITY, 6)


def before(days):
    return JUNE - timedelta(days=days)


@pytest.fixture
def ana(tx):
    """A member of a shop where points did not expire, with points of three years."""
    open_shop(tx, before(1000), expiry=[])
    ana = add_member(tx, before(1000))
    for days in (1000, 400, 30):
        buy(tx, ana, 100_00, before(days))
    return ana


def change(tx, *policies, now=JUNE):
    change_expiry(tx, policies, "staff:eva", now)


def test_switching_on_takes_nothing_away_for_a_full_period(tx, ana):
    change(tx, YEAR)
    end = datetime(2027, 6, 30, 21, tzinfo=UTC)
    assert expiry_ladder(tx, ana, POINTS) == [(end, 30)]
    assert expire_due(tx, end - timedelta(microseconds=1)) == 0
    assert check_all(tx, JUNE) == []
    (entry,) = tx.execute(select(AUDIT).where(AUDIT.c.action == "expiry.changed"))
    assert entry.after["expiry"][0]["months"] == 12


def test_new_points_follow_the_new_policies(tx, ana):
    change(tx, HALF)
    buy(tx, ana, 50_00, JUNE + timedelta(days=30))
    dates = [on.date().isoformat() for on, _ in expiry_ladder(tx, ana, POINTS)]
    assert dates == ["2026-12-15", "2027-01-15"]


def test_inactivity_is_counted_from_the_switch(tx, ana):
    change(tx, IDLE)
    assert wallet(tx, ana)["idle_at"] == datetime(2026, 12, 15, 22, tzinfo=UTC)
    change(tx, IDLE, now=JUNE + timedelta(days=60))
    assert wallet(tx, ana)["idle_at"] == datetime(2026, 12, 15, 22, tzinfo=UTC)


def test_switching_off_lets_all_live_points_live(tx, ana):
    change(tx, HALF, IDLE)
    late = datetime(2026, 12, 1, tzinfo=UTC)
    change(tx, now=late)
    assert expiry_ladder(tx, ana, POINTS) == []
    assert balances(tx, ana) == (30, 0, 0, 0)
    assert check_all(tx, late) == []


def test_what_was_over_before_the_change_stays_over(tx, ana):
    change(tx, HALF)
    late = datetime(2027, 1, 10, tzinfo=UTC)
    change(tx, YEAR, now=late)
    assert balances(tx, ana) == (0, 0, 0, 0)
    assert check_all(tx, late) == []


def test_points_that_are_held_get_their_new_date_too(tx, ana):
    held = hold(tx, ana, 30, JUNE, minutes=60)
    change(tx, HALF)
    release_hold(tx, held.id, hold_cause(held.id, JUNE))
    assert [amount for _, amount in expiry_ladder(tx, ana, POINTS)] == [30]
    assert tx.execute(select(LOT.c.id).where(LOT.c.expires_at.is_(None))).all() == []


def test_repeating_a_change_changes_nothing(tx, ana):
    change(tx, HALF, IDLE)
    found = expiry_ladder(tx, ana, POINTS)
    change(tx, HALF, IDLE, now=JUNE + timedelta(days=9))
    assert expiry_ladder(tx, ana, POINTS) == found


def test_the_owner_sees_who_would_lose_what_and_nothing_changes(tx, ana):
    ben = add_member(tx, JUNE)
    give(tx, ben, 100, before(5))
    found = forecast_expiry(tx, [HALF], JUNE)
    assert found.losses[6] == Loss(date(2026, 12, 1), 2, 130)
    assert sum(loss.points for loss in found.losses) == 130
    assert [loss.on.month for loss in found.losses] == [6, 7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5]
    day = date(2026, 12, 15)
    assert found.losers == (Loser(ben, 100, day), Loser(ana, 30, day))
    assert forecast_expiry(tx, None, JUNE).losers == ()


def test_the_forecast_is_what_the_change_brings(tx, ana):
    for number in range(12):
        give(tx, add_member(tx, JUNE), 10 + number, before(number), JUNE + timedelta(days=90))
    for policies in ([HALF], [IDLE], [HALF, IDLE], []):
        promised = forecast_expiry(tx, policies, JUNE)
        point = tx.begin_nested()
        change(tx, *policies)
        assert forecast_expiry(tx, None, JUNE) == promised
        point.rollback()


def test_a_change_needs_a_programme_and_possible_policies(tx):
    with pytest.raises(ProgrammeMissing):
        change(tx, YEAR)
    open_shop(tx, JUNE)
    with pytest.raises(ExpiryInvalid):
        change(tx, ExpiryPolicy(ExpiryKind.MONTHS, 0))


def test_a_change_that_breaks_off_half_way_has_changed_nothing(app, monkeypatch):
    saved = []

    def save(tx, books):
        save_books(tx, books)
        saved.append(books)
        if len(saved) == 2:
            raise ConnectionError("the machine is gone")

    with app.app_context():
        with transaction() as tx:
            open_shop(tx, before(400), expiry=[])
            for _ in range(5):
                buy(tx, add_member(tx, before(400)), 100_00, before(30))
        monkeypatch.setattr("server.gamification.points.switching.BATCH", 2)
        monkeypatch.setattr("server.gamification.points.switching.save_books", save)
        with pytest.raises(ConnectionError), transaction() as tx:
            change(tx, HALF)
        with transaction() as tx:
            assert tx.execute(select(LOT.c.id).where(LOT.c.expires_at.is_not(None))).all() == []
            assert get_programme(tx).policies.expiry == ()
            change(tx, HALF)
            assert tx.execute(select(LOT.c.id).where(LOT.c.expires_at.is_(None))).all() == []
            assert check_all(tx, JUNE) == []
    assert [len(books) for books in saved] == [2, 2, 2, 2, 1]
