"""Giving messages to senders: again after a crash or a pause; a late worker notes nothing."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from server.jobs import deliver_messages, relay_messages
from server.notifications.delivering import ATTEMPTS_MAX, LEASE_SECONDS, let_go, note_reports
from server.notifications.senders.port import Report, Result
from server.notifications.types import Channel
from tests.builders.messages import deliveries, earned, live_in
from tests.builders.purchases import NOW, add_member, open_shop

SENDERS = dict.fromkeys(Channel, "test")
URL, SECOND = "https://shop.example", timedelta(seconds=1)
LEASE = LEASE_SECONDS * SECOND


@pytest.fixture
def told(app):
    """Ana is told of points; the push waits."""
    with app.app_context():
        with transaction() as tx:
            open_shop(tx)
            ana = add_member(tx)
            live_in(tx, ana, "UTC")
            earned(tx, ana)
        relay_messages.run(now=NOW)
        yield ana


def take(now):
    with transaction() as tx:
        return let_go(tx, SENDERS, URL, now).outgoing


def report(outgoing, result, now, after=None):
    with transaction() as tx:
        note_reports(tx, [(one, Report(result, "why", after)) for one in outgoing], now)


def test_what_a_killed_worker_had_goes_out_again_under_the_same_id(told):
    (first,) = take(NOW)
    assert first.envelope.data["path"] == "/activity"
    assert take(NOW + LEASE - SECOND) == []
    (again,) = take(NOW + LEASE)
    assert (again.message_id, again.attempt) == (first.message_id, 2)
    report([first], Result.REFUSED, NOW + LEASE)
    assert deliveries("state", "attempts") == [("sending", 2)]
    report([again], Result.SENT, NOW + LEASE)
    assert deliveries("state", "cleared_at") == [("sent", NOW + LEASE)]


def test_a_busy_service_is_asked_again_when_it_says(told):
    report(take(NOW), Result.RETRY, NOW, timedelta(minutes=7))
    assert deliveries("state", "due_at", "cleared_at", "last_error") == [
        ("queued", NOW + timedelta(minutes=7), None, "why")
    ]
    assert take(NOW + timedelta(minutes=7) - SECOND) == []
    assert len(take(NOW + timedelta(minutes=7))) == 1


def test_what_is_tried_again_at_night_waits_for_the_morning(told):
    report(take(NOW), Result.RETRY, NOW, timedelta(hours=8))
    assert take(NOW + timedelta(hours=8)) == []
    assert deliveries("state", "due_at") == [("queued", NOW.replace(day=23, hour=9, minute=0))]


def test_after_so_many_attempts_it_is_given_up(told):
    for _ in range(ATTEMPTS_MAX):
        assert [row.state for row in deliveries()] == ["queued"]
        report(take(NOW), Result.RETRY, NOW, timedelta(0))
    assert deliveries("state", "finished_at", "cleared_at") == [("failed", NOW, None)]
    assert deliver_messages.run(now=NOW) == 0


def test_what_is_refused_is_not_tried_again(told):
    report(take(NOW), Result.REFUSED, NOW)
    assert deliveries("state", "attempts") == [("failed", 1)]
    assert take(NOW + timedelta(hours=1)) == []
