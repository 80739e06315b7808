"""From an event of the outbox to the inbox and out of the house: once, wanted, and in time."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.db import reading, transaction
from server.core.outbox import OUTBOX
from server.gamification.consents.service import answer_consent
from server.gamification.consents.types import Answer, Purpose
from server.gamification.members.service import block_member
from server.gamification.members.types import Source
from server.jobs import deliver_messages, relay_messages
from tests.builders.messages import (
    choose,
    deliveries,
    earned,
    expiring,
    happen,
    live_in,
    messages,
    tell,
)
from tests.builders.purchases import NOW, add_member, buy, change_settings, give_back, open_shop

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NIGHT, MORNING = NOW + 8 * HOUR, NOW.replace(hour=7, minute=0) + DAY
"""Half past midnight and nine in the morning in Tallinn."""


@pytest.fixture
def ana(app):
    """The shop in Tallinn and Ana, who reads Russian."""
    with app.app_context():
        with transaction() as tx:
            open_shop(tx)
            member_id = add_member(tx)
            live_in(tx, member_id, "Europe/Tallinn", "ru")
        yield member_id


def outbox(*columns):
    with reading() as tx:
        rows = tx.execute(select(OUTBOX).order_by(OUTBOX.c.id)).all()
    return [tuple(getattr(row, name) for name in columns) for row in rows]


def test_a_purchase_becomes_a_message_and_a_delivery(ana):
    with transaction() as tx:
        bought = buy(tx, ana, 2500)
    tell()
    (message,) = messages()
    assert (message.member_id, message.type, message.category) == (ana, "points.awarded", "service")
    assert message.title == "Начислено: 2 балла"
    assert message.path == f"/activity/{bought.activity_id}"
    assert message.data["data"] == {
        "amount": "2", "unit": "points", "activity_id": bought.activity_id,
    }  # fmt: skip
    assert message.expires_at == NOW + DAY
    assert deliveries("channel", "state", "sender", "cleared_at", "attempts") == [
        ("push", "sent", "outbox", NOW, 1)
    ]
    assert {state for (state,) in outbox("state")} == {"delivered"}


def test_what_is_told_is_told_once(ana):
    with transaction() as tx:
        earned(tx, ana)
        expiring(tx, ana, once="points.expiring:2026-11-30:7")
        expiring(tx, ana, once="points.expiring:2026-11-30:7")
    tell()
    with transaction() as tx:
        expiring(tx, ana, once="points.expiring:2026-11-30:7")
    tell()
    assert sorted(messages("type")) == [("points.expiring",), ("points.matured",)]
    assert len(deliveries()) == 2


def test_what_nobody_is_told_of_leaves_the_outbox_too(ana):
    with transaction() as tx:
        happen(tx, "raffle.opened", None, raffle_id="rfl_x")
        happen(tx, "grant.given", ana)
    tell()
    assert messages() == []
    assert outbox("state") == [("delivered",), ("delivered",)]


def test_what_cannot_be_told_holds_up_nothing_else(ana):
    with transaction() as tx:
        happen(tx, "points.matured", ana, unit="points", amount="many")
        earned(tx, ana)
    tell()
    assert messages("body") == [("Их уже можно потратить.",)]
    assert sorted(state for (state,) in outbox("state")) == ["delivered", "ready"]


def test_what_speaks_of_something_without_a_name_is_not_told(ana):
    with transaction() as tx:
        happen(tx, "badge.earned", ana, badge_id="bdg_gone", level=1)
    tell()
    assert messages() == []
    assert outbox("state") == [("delivered",)]


def test_what_is_no_news_any_more_is_not_told(ana):
    with transaction() as tx:
        buy(tx, ana, 2500, NOW - 30 * DAY)
        earned(tx, ana, now=NOW - 4 * DAY)
        expiring(tx, ana, on="2026-11-21")
    tell()
    assert messages() == []


def test_a_return_is_told_however_old_the_purchase_is(ana):
    with transaction() as tx:
        bought = buy(tx, ana, 2500, NOW - 30 * DAY)
        give_back(tx, bought)
    tell()
    assert messages("type") == [("points.reversed",)]


def test_nobody_is_disturbed_at_night_where_they_live(ana):
    with transaction() as tx:
        earned(tx, ana, now=NIGHT)
        far = add_member(tx)
        live_in(tx, far, "America/Los_Angeles")
        earned(tx, far, now=NIGHT)
    tell(NIGHT)
    assert {row.member_id: row.state for row in deliveries()} == {ana: "queued", far: "sent"}
    assert len(messages()) == 2
    tell(MORNING - timedelta(seconds=1))
    assert sorted(deliveries("state")) == [("queued",), ("sent",)]
    tell(MORNING)
    assert sorted(deliveries("state", "cleared_at")) == [("sent", NIGHT), ("sent", MORNING)]


def test_what_would_be_over_in_the_morning_stays_in_the_inbox(ana):
    with transaction() as tx:
        expiring(tx, ana, NIGHT - 2 * HOUR, on="2026-11-22")
    # Before midnight where she lives, when it is over.
    tell(NIGHT - HOUR)
    assert deliveries("state", "why") == [("dropped", "expired")]
    assert len(messages()) == 1


def test_more_than_the_cap_stays_in_the_inbox(ana):
    with transaction() as tx:
        change_settings(tx, NOW, messages={"caps": {"progress": [2, 3]}})
        for number in range(4):
            happen(tx, "challenge.progressed", ana, challenge_id=f"chl_{number}", pct=25)
    tell()
    assert sorted(deliveries("state")) == [("dropped",)] * 2 + [("sent",)] * 2
    for day in (1, 2):
        with transaction() as tx:
            happen(tx, "challenge.progressed", ana, NOW + day * DAY, challenge_id="chl_9", pct=50)
        tell(NOW + day * DAY)
    assert sorted(deliveries("state", "why"))[:3] == [("dropped", "capped")] * 3
    assert len([row for row in deliveries() if row.state == "sent"]) == 3


def test_reminders_go_out_as_one(ana):
    with transaction() as tx:
        for number in range(3):
            expiring(tx, ana, NIGHT, amount=100 + number)
        earned(tx, ana, now=NIGHT)
    tell(NIGHT)
    tell(MORNING)
    assert sorted(deliveries("state")) == [("bundled",)] * 2 + [("sent",)] * 2
    leads = {row.id for row in deliveries() if row.state == "sent"}
    assert {row.bundle_id for row in deliveries() if row.state == "bundled"} <= leads


def test_advertising_needs_a_consent_for_its_channel(ana):
    def give(amount):
        with transaction() as tx:
            payload = {"unit": "points", "amount": amount, "kind": "birthday"}
            happen(tx, "greeting.granted", ana, **payload)
        tell()

    give(10)
    assert (len(messages()), deliveries()) == (1, [])
    with transaction() as tx:
        choose(tx, ana, offers={"email": True})
        answer_consent(tx, ana, Answer(Purpose.MARKETING_EMAIL, True, "v1", Source.APP), NOW)
    give(20)
    assert deliveries("channel", "state") == [("email", "sent")]
    with transaction() as tx:
        answer_consent(tx, ana, Answer(Purpose.MARKETING_EMAIL, False, "v1", Source.APP), NOW)
    give(30)
    assert (len(messages()), len(deliveries())) == (3, 1)


def test_what_is_withdrawn_while_a_message_waits_holds(ana):
    with transaction() as tx:
        expiring(tx, ana, NIGHT)
        expiring(tx, add_member(tx), NIGHT)
    tell(NIGHT)
    with transaction() as tx:
        choose(tx, ana, reminders={"push": False})
    tell(MORNING + HOUR)
    assert sorted(deliveries("state", "why"), key=str) == [("dropped", "muted"), ("sent", None)]


def test_who_is_blocked_is_told_nothing(ana):
    with transaction() as tx:
        expiring(tx, ana, NIGHT)
    tell(NIGHT)
    with transaction() as tx:
        block_member(tx, ana, "staff:eva", "test", NIGHT)
        earned(tx, ana, now=NIGHT)
    tell(MORNING)
    assert deliveries("state", "why") == [("dropped", "gone")]
    assert len(messages()) == 1


def test_silent_ones_are_no_mail(ana):
    with transaction() as tx:
        choose(tx, ana, progress={"email": True})
        happen(tx, "challenge.progressed", ana, challenge_id="chl_1", pct=25)
    tell()
    assert deliveries("channel") == [("push",)]
    assert messages("is_silent") == [(True,)]


def test_before_there_is_a_programme_nothing_is_told(app):
    with app.app_context():
        assert relay_messages.run(now=NOW) == deliver_messages.run(now=NOW) == 0
