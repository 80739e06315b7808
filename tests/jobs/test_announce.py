"""Announcements: to an audience, once, at an hour where each member lives."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from server.core.db import reading, transaction
from server.gamification.consents.service import answer_consent
from server.gamification.consents.types import Answer, Purpose
from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.definitions.service import install, pause
from server.gamification.members.types import Source
from server.jobs import announce
from server.notifications.announcements import (
    ANNOUNCEMENTS,
    announce_page,
    count_audience,
    due_announcements,
    read_announcement,
)
from server.notifications.models import ANNOUNCEMENT_RUN
from tests.builders.messages import deliveries, live_in, messages, tell
from tests.builders.purchases import NOW, add_member, buy, open_shop

DAY = timedelta(days=1)
SOON = NOW + timedelta(hours=8)
WORDS = {"name": "a", "titles": {"en": "Soup!"}, "bodies": {"en": "From noon."}}
SOUP = {"at": "2026-11-24T12:00", "variants": [WORDS], "path": "/rewards"}


@pytest.fixture
def shop(app):
    """Ana in Tallinn has bought something, Kai in Kiritimati nothing; both agree to pushes."""
    with app.app_context():
        with transaction() as tx:
            open_shop(tx)
            ana, kai = add_member(tx), add_member(tx)
            live_in(tx, kai, "Pacific/Kiritimati")
            buy(tx, ana, 1000)
            for member_id in (ana, kai):
                yes = Answer(Purpose.MARKETING_PUSH, True, "v1", Source.APP)
                answer_consent(tx, member_id, yes, NOW)
        yield ana, kai


def publish(**changes):
    with transaction() as tx:
        return install(tx, ANNOUNCEMENTS, "soup", SOUP | changes, "staff:eva", NOW)


def announced():
    return {row.member_id: row for row in messages() if row.type == "announcement"}


def test_everybody_is_told_at_the_hour_where_they_live(shop):
    ana, kai = shop
    made = publish()
    assert announce.run(now=NOW) == 0
    assert [announce.run(now=SOON) for _ in range(2)] == [2, 0]
    found = announced()
    assert found[ana].shown_at == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert found[kai].shown_at == datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    told = found[ana]
    assert (told.title, told.path, told.category) == ("Soup!", "/rewards", "news")
    assert (told.campaign_id, told.variant) == (made.id, "a")
    tell(found[kai].shown_at)
    states = {row.member_id: row.state for row in deliveries() if row.channel == "push"}
    assert (states[ana], states[kai]) == ("queued", "sent")


def test_only_the_audience_is_told(shop):
    ana, _ = shop
    publish(condition="visits >= 1")
    announce.run(now=SOON)
    assert set(announced()) == {ana}
    with reading() as tx:
        (run,) = tx.execute(select(ANNOUNCEMENT_RUN)).all()
    assert (run.looked, run.made, run.finished_at) == (2, 1, SOON)


def test_an_announcement_goes_on_where_it_was_interrupted(shop):
    publish()
    with transaction() as tx:
        (soup,) = due_announcements(tx, SOON)
        assert count_audience(tx, soup, NOW) == 2
        page = announce_page(tx, soup, SOON, limit=1)
    assert (page.looked, page.is_last, len(announced())) == (1, False, 1)
    assert announce.run(now=SOON) == 1
    assert len(announced()) == 2


def test_one_that_is_paused_or_over_is_not_told(shop):
    made = publish(ttl_hours=1)
    with transaction() as tx:
        pause(tx, ANNOUNCEMENTS, made.id, "staff:eva", NOW)
    assert announce.run(now=SOON) == 0
    with transaction() as tx:
        install(tx, ANNOUNCEMENTS, "late", SOUP | {"ttl_hours": 1}, "staff:eva", NOW)
    announce.run(now=NOW + 5 * DAY)
    assert announced() == {}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"at": "2026-11-24T12:00Z"}, "/at"),
        ({"at": "soon"}, "/at"),
        ({"category": "service"}, "/category"),
        ({"path": "https://elsewhere.example"}, "/path"),
        ({"ttl_hours": 200}, "/ttl_hours"),
        ({"variants": []}, "/variants"),
        ({"condition": "activity_hour < 4"}, "/condition"),
        ({"to": "all"}, "/to"),
        ({"variants": [WORDS | {"titles": {"en": "{name}"}}]}, "/variants/0/titles/en"),
    ],
)
def test_what_cannot_be_announced_is_refused(changes, pointer):
    with pytest.raises(DefinitionInvalid) as refused:
        read_announcement("ann_1", "soup", SOUP | changes)
    assert [error["pointer"] for error in refused.value.errors] == [pointer]
