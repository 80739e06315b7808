"""Greetings and gifts in the history: among the purchases, in order, each with its reason."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from server.core.db import transaction
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.service import give, take_back
from server.gamification.grants.types import Reason
from server.gamification.members.models import MEMBER
from server.jobs import greetings
from tests.api.mobile.test_activity import post_many, walk
from tests.builders.members import NOW, bearer
from tests.builders.purchases import change_settings
from tests.builders.tills import code_of, good

PRESENT = (Benefit(BenefitKind.POINTS, 7, "points"), Benefit(BenefitKind.STARS, 2, "stars"))
GREETED = {
    "en": ("Happy birthday", "+20 points"),
    "ru": ("С днём рождения", "+20 баллов"),
    "et": ("Palju õnne sünnipäevaks", "+20 punkti"),
}


@pytest.fixture
def history(client, cast):
    """Read a page of Ben's history, or an entry of it."""
    headers = bearer(cast.ben_tokens.access_token)

    def read(query="", language="en"):
        languages = {"Accept-Language": language}
        return client.get(f"/v1/me/activity{query}", headers=headers | languages)

    return read


@pytest.fixture
def greeted(app, cast):
    """Ben was born on this day and has been greeted."""
    with app.app_context():
        with transaction() as tx:
            change_settings(tx, NOW, birthday_points=20)
            born = {"birthday": NOW.date().replace(year=1990)}
            tx.execute(update(MEMBER).where(MEMBER.c.id == cast.ben.id).values(**born))
        assert greetings.run(now=NOW) == 1


def give_present(app, member, ref, at=NOW):
    with app.app_context(), transaction() as tx:
        reason = Reason("test", ref, {"en": "A present", "ru": "Подарок"})
        return give(tx, member.id, PRESENT, reason, "staff:eva", at).grant_id


@pytest.mark.parametrize("language", ["en", "ru", "et"])
def test_a_greeting_is_in_the_history_with_its_reason(greeted, history, language):
    (item,) = good(history("", language))["items"]
    title, text = GREETED[language]
    assert item == {
        "id": item["id"],
        "kind": "greeting",
        "state": "settled",
        "title": title,
        "occurred_at": "2026-11-22T14:30:00Z",
        "location_id": None,
        "total": None,
        "points": 20,
        "points_spent": 0,
        "text": text,
    }
    why = good(history(f"/{item['id']}", language))
    (effect,) = why.pop("effects")
    assert why == item | {"applied": [], "not_applied": [], "returns": []}
    assert (effect["kind"], effect["text"]) == ("points_awarded", text)
    assert effect["points"] == {
        "amount": 20,
        "unit": "points",
        "pending": False,
        "available_at": "2026-11-22T14:30:00Z",
        "expires_at": "2027-11-30T22:00:00Z",
    }


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 20])
def test_gifts_and_purchases_share_pages_without_gap_or_repeat(
    app,
    till,
    cast,
    history,
    limit,
):
    minutes = [0, 0, 1, 3, 3, 8]
    bought = post_many(till, cast.ben, minutes)
    given = [
        give_present(app, cast.ben, str(number), NOW - timedelta(minutes=minute))
        for number, minute in enumerate(minutes)
    ]
    give_present(app, cast.ana, "hers")
    at = dict(zip(bought, minutes, strict=True)) | dict(zip(given, minutes, strict=True))
    seen = [one for page in walk(history, limit) for one in page]
    assert seen == sorted(at, key=lambda one: (-at[one], one), reverse=True)


def test_what_was_taken_back_of_a_gift_counts_no_more(app, cast, history):
    give_present(app, cast.ben, "first")
    (item,) = good(history())["items"]
    assert (item["title"], item["points"], item["text"]) == (
        *("A present", 7, "+7 points, +2 stars"),
    )
    with app.app_context(), transaction() as tx:
        take_back(tx, cast.ben.id, ("test", "first"), "staff:eva", NOW + timedelta(minutes=1))
    (item,) = good(history())["items"]
    assert (item["state"], item["points"], item["text"]) == ("returned", 0, "+0 points")
    assert good(history(f"/{item['id']}"))["effects"] == []


def test_the_dates_of_given_points_are_those_of_their_lots(app, cast, history):
    with app.app_context(), transaction() as tx:
        change_settings(tx, NOW, expiry=[{"kind": "fixed_date", "on": "2027-06-30"}])
    give_present(app, cast.ben, "dated")
    (item,) = good(history())["items"]
    points, stars = good(history(f"/{item['id']}"))["effects"]
    assert points["points"]["expires_at"] == "2027-06-30T21:00:00Z"
    assert (stars["points"]["unit"], stars["text"]) == ("stars", "+2 stars")


def test_nobody_reads_the_gifts_of_another(app, cast, history):
    hers = give_present(app, cast.ana, "hers", NOW)
    assert good(history())["items"] == []
    for address in (hers, "grt_none", "vch_none", "grt", "x"):
        assert code_of(history(f"/{address}")) == (404, "not_found")
