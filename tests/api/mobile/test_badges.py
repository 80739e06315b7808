"""Badges in the app: earned, locked with a bar, secret, and new until they are seen."""

from xml.etree import ElementTree

import pytest

from server.core.db import transaction
from server.gamification.badges.rarity import count_rarity
from server.gamification.badges.service import award
from server.gamification.badges.settings import BADGES
from server.gamification.badges.types import Origin, Source
from server.gamification.definitions.service import archive, pause
from tests.builders.badges import publish
from tests.builders.members import NOW, bearer
from tests.builders.tills import code_of, good

EVA = "staff:eva"


@pytest.fixture
def badges(books):
    """A badge of two levels, one that needs it, and a secret one."""
    with books.app_context(), transaction() as tx:
        names = {"en": "Regular", "et": "Püsiklient", "ru": "Завсегдатай"}
        texts = {"en": "Comes often"}
        alt = {"en": "A medal", "et": "Medal"}
        image = {"url": "https://shop.example/m.png", "width": 64, "height": 64, "alt": alt}
        levels = ["visits >= 2", "spend_minor >= 10000"]
        regular = publish(
            tx, "regular", *levels, names=names, texts=texts, category="visits", image=image
        )
        guide = publish(tx, "guide", "visits >= 1", prerequisites=["regular"])
        owl = publish(tx, "owl", "activity_hour < 4", secret=True, names={"en": "Night owl"})
    return {"regular": regular, "guide": guide, "owl": owl}


def give(app, member, key, level=1):
    with app.app_context(), transaction() as tx:
        award(tx, member.id, key, level, Origin(Source.GRANT, EVA), NOW)
        count_rarity(tx, NOW)


def seen(client, headers, language="en"):
    headers = headers | {"Accept-Language": language}
    return good(client.get("/v1/me/badges", headers=headers))


def mark(client, headers, until):
    return client.put("/v1/me/badges/seen", json={"until": until}, headers=headers)


def test_locked_badges_have_a_bar_and_secret_ones_tell_nothing(client, till, cast, badges):
    good(till.post("/transactions", receipt_of(cast, 3000)), 201)
    body = seen(client, cast.as_ana)
    regular, guide, owl = body["items"]
    assert (regular["state"], regular["level"], regular["title"]) == ("locked", 0, "Regular")
    assert regular["progress"] == {
        "current": 1, "target": 2, "remaining": 1, "pct": 50, "unit": "visits", "text": "1 of 2",
    }  # fmt: skip
    assert (guide["state"], guide["requires"]) == ("locked", ["Regular"])
    assert owl == {
        "id": badges["owl"].id, "state": "secret", "title": "?", "level": 0, "levels": [],
        "is_new": False, "requires": [], "text": None, "category": None, "image": None,
        "art": None, "progress": None, "earned_at": None,
    }  # fmt: skip
    assert body["new"] == 0


def receipt_of(cast, minor):
    total = {"amount_minor": minor, "currency": "EUR"}
    return {"member_id": cast.ana.id, "external_id": "r1", "total": total}


def test_an_earned_badge_has_its_date_its_next_bar_and_how_rare_it_is(app, client, cast, badges):
    give(app, cast.ana, "regular")
    regular = seen(client, cast.as_ana, "et")["items"][0]
    assert (regular["state"], regular["title"], regular["level"]) == ("earned", "Püsiklient", 1)
    first, second = regular["levels"]
    assert (first["state"], first["times"], second["state"]) == ("earned", 1, "locked")
    assert first["rarity"] == {"pct": 50, "text": "Olemas 50%-l liikmetest"}
    assert (regular["image"]["width"], regular["image"]["alt"]) == (64, "Medal")
    assert (regular["earned_at"], first["is_new"]) == ("2026-11-22T14:30:00Z", True)
    assert regular["progress"]["unit"] == "spend_minor"
    assert regular["progress"]["text"].replace("\xa0", " ") == "0,00 € / 100,00 €"


def test_a_secret_badge_is_shown_once_it_is_earned(app, client, cast, badges):
    give(app, cast.ana, "owl")
    owl = seen(client, cast.as_ana)["items"][2]
    assert (owl["state"], owl["title"], owl["progress"]) == ("earned", "Night owl", None)


def test_badges_are_new_until_they_were_seen(app, client, cast, badges):
    give(app, cast.ana, "regular")
    give(app, cast.ana, "owl")
    assert seen(client, cast.as_ana)["new"] == 2
    assert mark(client, cast.as_ana, "2026-11-22T14:29:59Z").status_code == 204
    assert seen(client, cast.as_ana)["new"] == 2
    for _ in range(2):
        assert mark(client, cast.as_ana, "2099-01-01T00:00:00Z").status_code == 204
    assert seen(client, cast.as_ana)["new"] == 0
    assert code_of(mark(client, cast.as_ana, "yesterday")) == (422, "validation_failed")


def test_members_keep_a_badge_that_is_no_longer_given(app, client, cast, badges):
    give(app, cast.ana, "regular")
    with app.app_context(), transaction() as tx:
        for key in ("regular", "guide"):
            pause(tx, BADGES, badges[key].id, EVA, NOW)
        archive(tx, BADGES, badges["owl"].id, EVA, NOW)
    assert [one["state"] for one in seen(client, cast.as_ana)["items"]] == ["earned"]
    assert seen(client, bearer(cast.ben_tokens.access_token))["items"] == []


def test_a_medal_is_drawn_without_anything_that_runs(app, client, cast, badges):
    give(app, cast.ana, "regular")
    arts = [one["art"] for one in seen(client, cast.as_ana)["items"][:2]]
    roots = [ElementTree.fromstring(art["svg"]) for art in arts]
    tags = {node.tag.rpartition("}")[2] for root in roots for node in root.iter()}
    assert tags == {"svg", "g", "circle", "text"}
    assert arts[0]["color"] in arts[0]["svg"]
    assert arts[1]["color"] not in arts[1]["svg"]


def test_what_was_not_changed_is_not_sent_again(app, client, cast, badges):
    first = client.get("/v1/me/badges", headers=cast.as_ana)
    again = cast.as_ana | {"If-None-Match": first.headers["ETag"]}
    assert client.get("/v1/me/badges", headers=again).status_code == 304
    give(app, cast.ana, "regular")
    assert client.get("/v1/me/badges", headers=again).status_code == 200


def test_nobody_marks_badges_of_another(app, client, cast, badges):
    give(app, cast.ana, "regular")
    for headers, code in (({}, "token_missing"), (cast.as_dan, "token_invalid")):
        assert code_of(mark(client, headers, "2099-01-01T00:00:00Z")) == (401, code)
    assert (
        mark(client, bearer(cast.ben_tokens.access_token), "2099-01-01T00:00:00Z").status_code
        == 204
    )
    assert seen(client, cast.as_ana)["new"] == 1
