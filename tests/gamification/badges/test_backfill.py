"""A badge is given afterwards to all who have earned it: once, whatever happens meanwhile."""

import pytest
from sqlalchemy import Connection, select

from server.gamification.badges import backfill as late
from server.gamification.badges.backfill import backfill, begin_backfill, preview_backfill
from server.gamification.badges.errors import BadgeNotBackfillable, BadgeUnknown
from server.gamification.badges.models import BADGE_AWARD, BADGE_BACKFILL
from server.gamification.badges.settings import BADGES
from server.gamification.definitions.service import pause
from tests.builders.badges import EVA, publish
from tests.builders.purchases import NOW, add_member, buy, open_shop


@pytest.fixture
def crowd(tx: Connection) -> list[str]:
    """Seven members; the first four have bought something, the first two for much."""
    open_shop(tx)
    members = [add_member(tx) for _ in range(7)]
    for member_id, minor in zip(members, (500_00, 500_00, 20_00, 20_00), strict=False):
        buy(tx, member_id, minor)
    return members


def holders(tx: Connection) -> list[tuple[str, int]]:
    rows = tx.execute(select(BADGE_AWARD.c.member_id, BADGE_AWARD.c.level))
    return sorted((row.member_id, row.level) for row in rows)


def test_the_preview_says_how_many_would_earn_it_and_writes_nothing(
    tx: Connection, crowd: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late, "PAGE", 2)
    badge = publish(tx, "buyer", "purchases >= 1", "spend_minor >= 40000")
    found = preview_backfill(tx, badge.key, NOW)
    assert (found.looked_at, found.members, found.levels) == (7, 4, {1: 4, 2: 2})
    assert holders(tx) == []


def test_it_goes_page_by_page_and_gives_what_the_preview_said(
    tx: Connection, crowd: list[str]
) -> None:
    badge = publish(tx, "buyer", "purchases >= 1", "spend_minor >= 40000")
    job = begin_backfill(tx, badge.id, EVA, NOW)
    steps = [backfill(tx, job, NOW, limit=3) for _ in range(3)]
    assert [step.is_finished for step in steps] == [False, False, True]
    expected = [(one, 1) for one in crowd[:4]] + [(one, 2) for one in crowd[:2]]
    assert holders(tx) == sorted(expected)
    row = tx.execute(select(BADGE_BACKFILL)).one()
    assert (row.looked_at, row.awarded, row.finished_at) == (7, 6, NOW)
    assert sum(len(step.awards) for step in steps) == 6


def test_a_finished_one_does_nothing_and_another_gives_nothing_twice(
    tx: Connection, crowd: list[str]
) -> None:
    badge = publish(tx, "buyer", "purchases >= 1")
    job = begin_backfill(tx, badge.id, EVA, NOW)
    assert len(backfill(tx, job, NOW).awards) == 4
    assert backfill(tx, job, NOW) == late.Step((), is_finished=True)
    again = begin_backfill(tx, badge.id, EVA, NOW)
    assert backfill(tx, again, NOW).awards == ()
    assert preview_backfill(tx, badge.id, NOW).members == 0


def test_prerequisites_are_asked_for(tx: Connection, crowd: list[str]) -> None:
    publish(tx, "first", "spend_minor >= 40000")
    second = publish(tx, "second", "purchases >= 1", prerequisites=["first"])
    assert preview_backfill(tx, second.id, NOW).members == 0
    backfill(tx, begin_backfill(tx, "first", EVA, NOW), NOW)
    assert preview_backfill(tx, second.id, NOW).members == 2


def test_what_only_an_activity_can_tell_is_refused(tx: Connection, crowd: list[str]) -> None:
    early = publish(tx, "early", "activity_hour < 9")
    for verb in (preview_backfill, lambda *args: begin_backfill(args[0], args[1], EVA, NOW)):
        with pytest.raises(BadgeNotBackfillable):
            verb(tx, early.id, NOW)


def test_a_badge_that_was_paused_meanwhile_is_given_no_further(
    tx: Connection, crowd: list[str]
) -> None:
    badge = publish(tx, "buyer", "purchases >= 1")
    job = begin_backfill(tx, badge.id, EVA, NOW)
    given = len(backfill(tx, job, NOW, limit=3).awards)
    pause(tx, BADGES, badge.id, EVA, NOW)
    with pytest.raises(BadgeUnknown):
        backfill(tx, job, NOW, limit=3)
    assert len(holders(tx)) == given
