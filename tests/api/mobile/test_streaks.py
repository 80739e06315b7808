"""Streaks in the app: how they stand today, and buying freezes."""

import pytest
from sqlalchemy import update

from server.core.db import transaction
from server.gamification.members.models import MEMBER
from tests.builders.games import DAY
from tests.builders.members import NOW
from tests.builders.playing import open_streak, play
from tests.builders.purchases import change_settings, give
from tests.builders.tills import code_of, good
from tests.fixtures.tables import rows_of

KEPT = ("idempotency_record",)  # a refusal is remembered for its key
FREEZES = {"start": 1, "most": 2, "price_points": 30}
FIVE = [{"at": 5, "benefits": [{"kind": "points", "amount": 5}]}]


@pytest.fixture
def publish(books):
    """Publish a streak."""

    def make(period="day", **settings):
        with books.app_context(), transaction() as tx:
            return open_streak(tx, period, **settings)

    return make


def visit(app, member, *days_ago):
    with app.app_context(), transaction() as tx:
        for days in days_ago:
            play(tx, member.id, NOW - days * DAY)


def shown(client, cast, language="en"):
    headers = cast.as_ana | {"Accept-Language": language}
    (one,) = good(client.get("/v1/me/streaks", headers=headers))["items"]
    return one


def buy(client, streak, headers, key="one"):
    keyed = headers | {"Idempotency-Key": key}
    return client.post(f"/v1/me/streaks/{streak.id}/freezes", json={}, headers=keyed)


def test_a_streak_of_days_as_it_stands_on_sunday(books, client, cast, publish):
    """22 November 2026 is a Sunday; the shop is closed on Fridays."""
    with books.app_context(), transaction() as tx:
        change_settings(tx, NOW, closed_days={"weekdays": [5], "dates": []})
    publish(milestones=FIVE, freezes=FREEZES)
    visit(books, cast.ana, 6, 5, 3, 1)
    one = shown(client, cast)
    assert (one["current"], one["best"], one["unit"]) == (4, 4, "days")
    assert (one["started_on"], one["due_by"]) == ("2026-11-16", "2026-11-22T22:00:00Z")
    assert one["text"] == "Visit by 22 November 2026 to reach 5 days"
    assert one["freezes"] == {"have": 0, "most": 2, "price": 30}
    states = ["done", "done", "frozen", "done", "closed", "done", "present"]
    assert [cell["state"] for cell in one["cells"]] == states
    assert [cell["on"] for cell in one["cells"]][::6] == ["2026-11-16", "2026-11-22"]
    assert one["next_milestone"]["progress"]["remaining"] == 1
    assert one["next_milestone"]["reward"]["title"] == "5 points"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Visit by 29 November 2026 to reach 2 weeks"),
        ("ru", "Зайдите до 29 ноября 2026\u202fг. включительно, чтобы серия дошла до 2 недель"),
        ("et", "2 nädalani jõudmiseks tule kuni 29. november 2026 (kaasa arvatud)"),
    ],
)
def test_a_streak_of_weeks_says_what_keeps_it(books, client, cast, publish, language, text):
    publish("week")
    visit(books, cast.ana, 3)
    one = shown(client, cast, language)
    assert (one["text"], one["due_by"]) == (text, "2026-11-29T22:00:00Z")
    assert [cell["state"] for cell in one["cells"]] == ["missed"] * 6 + ["done"]


def test_without_a_visit_there_is_nothing_to_lose(client, cast, publish):
    publish("month", freezes=FREEZES)
    one = shown(client, cast)
    assert (one["current"], one["due_by"], one["started_on"]) == (0, None, None)
    assert (one["text"], one["freezes"]["have"]) == ("Visit to begin a streak.", 1)


@pytest.mark.parametrize(
    ("days_ago", "expected"), [(0, (1, 1)), (1, (1, 1)), (2, (1, 0)), (3, (0, 0))]
)
def test_a_missed_day_is_seen_before_anything_is_done(
    books, client, cast, publish, days_ago, expected
):
    publish(freezes=FREEZES)
    visit(books, cast.ana, days_ago)
    one = shown(client, cast)
    assert (one["current"], one["freezes"]["have"], one["best"]) == (*expected, 1)


def test_the_day_is_that_of_the_members_own_calendar(books, client, cast, publish):
    """At half past two in the afternoon of Sunday in London it is Monday in Kiritimati."""
    with books.app_context(), transaction() as tx:
        tx.execute(update(MEMBER).values(zone="Pacific/Kiritimati"))
    publish()
    visit(books, cast.ana, 0)
    one = shown(client, cast)
    assert one["due_by"] == "2026-11-23T10:00:00Z"


def test_a_freeze_is_bought_once_for_a_key(books, client, cast, publish):
    streak = publish(freezes=FREEZES)
    with books.app_context(), transaction() as tx:
        give(tx, cast.ana.id, 100, NOW)
    done = good(buy(client, streak, cast.as_ana), 201)
    assert done["streak"]["freezes"] == {"have": 2, "most": 2, "price": 30}
    assert done["updates"]["balances"][0]["amount"] == 70
    assert good(buy(client, streak, cast.as_ana), 201) == done
    assert code_of(buy(client, streak, cast.as_ana, "two")) == (409, "freeze_none_left")
    (action,) = shown(client, cast)["actions"]
    assert (action["label"], action["reason"]) == ("Buy a freeze for 30 points", "freeze_none_left")


def test_a_freeze_that_cannot_be_paid_is_not_bought(books, client, cast, publish):
    streak = publish(freezes=FREEZES)
    before = rows_of(books, but=KEPT)
    assert code_of(buy(client, streak, cast.as_ana)) == (409, "balance_insufficient")
    assert rows_of(books, but=KEPT) == before


def test_only_members_have_streaks(books, client, cast, publish):
    streak = publish(freezes=FREEZES)
    before = rows_of(books)
    for headers, code in (({}, "token_missing"), (cast.as_dan, "token_invalid")):
        assert code_of(client.get("/v1/me/streaks", headers=headers)) == (401, code)
        assert code_of(buy(client, streak, headers)) == (401, code)
    assert (
        code_of(
            client.post(
                "/v1/me/streaks/stk_none/freezes",
                json={},
                headers=cast.as_ana | {"Idempotency-Key": "k"},
            )
        )[0]
        == 404
    )
    assert rows_of(books, but=KEPT) == {k: v for k, v in before.items() if k not in KEPT}
