"""What leaves the process is written with its cause, leased, delivered, or kept visibly."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from server.core.db import transaction
from server.core.outbox import (
    ATTEMPTS_MAX,
    OUTBOX,
    Event,
    back_off,
    claim,
    finish,
    give_back,
    record,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOON = NOW + timedelta(seconds=61)


@pytest.fixture
def recorded(app):
    """Three events, the last of which may leave only tomorrow."""
    events = [
        Event("points.awarded", {"amount": 24}, "mem_a"),
        Event("tier.upgraded", {"tier": "silver"}, "mem_a"),
        Event("points.expiring", {}, available_at=NOW + timedelta(days=1)),
    ]
    with app.app_context():
        with transaction() as tx:
            record(tx, events, now=NOW)
        yield app


def claimed_by(worker: str, now=NOW, limit=50):
    with transaction() as tx:
        return claim(tx, worker, now=now, limit=limit)


def finished(item, now=NOW) -> bool:
    with transaction() as tx:
        return finish(tx, item, now=now)


def states():
    with transaction() as tx:
        return [tuple(row) for row in tx.execute(select(OUTBOX.c.state, OUTBOX.c.attempts))]


def test_an_event_is_claimed_with_all_it_says(recorded):
    first, second = claimed_by("w1")
    assert (first.topic, first.payload, first.member_id) == (
        "points.awarded", {"amount": 24}, "mem_a"
    )  # fmt: skip
    assert (first.created_at, first.attempt, first.worker) == (NOW, 1, "w1")
    assert second.topic == "tier.upgraded"


def test_nothing_is_recorded_for_no_events(app):
    with app.app_context(), transaction() as tx:
        record(tx, [], now=NOW)
        assert claim(tx, "w", now=NOW) == []


def test_what_one_worker_holds_no_other_gets(recorded):
    assert len(claimed_by("w1", limit=1)) == 1
    assert len(claimed_by("w2")) == 1
    assert claimed_by("w3") == []


def test_a_delivered_event_is_never_claimed_again(recorded):
    for item in claimed_by("w1"):
        assert finished(item)
    assert claimed_by("w2", SOON) == []
    assert len(claimed_by("w2", NOW + timedelta(days=1))) == 1


def test_a_lease_that_ran_out_goes_to_another_and_the_late_worker_changes_nothing(recorded):
    late = claimed_by("w1", limit=1)[0]
    again = claimed_by("w2", SOON, limit=1)[0]
    assert (again.id, again.attempt) == (late.id, 2)
    assert not finished(late, SOON)
    assert finished(again, SOON)
    assert not finished(again, SOON)


def test_a_failure_waits_and_then_is_tried_again(recorded):
    item = claimed_by("w1", limit=1)[0]
    with transaction() as tx:
        assert give_back(tx, item, "connection refused", now=NOW)
    assert item.id not in {other.id for other in claimed_by("w2")}
    assert item.id in {other.id for other in claimed_by("w2", NOW + back_off(1))}


def test_after_the_last_attempt_or_for_good_it_is_dead_and_stays_visible(recorded):
    item = claimed_by("w1", limit=1)[0]
    with transaction() as tx:
        assert give_back(tx, item, "gone", now=NOW, permanent=True)
    assert ("dead", 1) in states()
    assert item.id not in {other.id for other in claimed_by("w2", SOON)}


def test_the_pause_doubles_up_to_six_hours():
    pauses = [back_off(attempt).total_seconds() for attempt in (1, 2, 3, ATTEMPTS_MAX, 40)]
    assert pauses == [5, 10, 20, 10240, 21600]
