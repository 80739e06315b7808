"""Challenges in the app: bars, joining, claiming, answering."""

from typing import Any

import pytest

from server.core.db import transaction
from server.gamification.challenges.settings import CHALLENGES
from server.gamification.definitions.service import archive, pause
from tests.builders.badges import publish as publish_badge
from tests.builders.members import NOW, bearer
from tests.builders.playing import EVA, open_challenge, open_quiz, play
from tests.builders.rewards import offer
from tests.builders.tills import code_of, good
from tests.fixtures.tables import rows_of

KEPT = ("idempotency_record",)  # a refusal is remembered for its key


@pytest.fixture
def publish(books):
    """Publish a challenge."""

    def make(metric="count", **settings):
        with books.app_context(), transaction() as tx:
            if metric == "quiz":
                return open_quiz(tx, **settings)
            return open_challenge(tx, metric, **settings)

    return make


def do(app, member, times=1, **fields):
    with app.app_context(), transaction() as tx:
        for _ in range(times):
            play(tx, member.id, NOW, **fields)


def listed(client, cast, language="en"):
    headers = cast.as_ana | {"Accept-Language": language}
    return good(client.get("/v1/me/challenges", headers=headers))["items"]


def post(client, challenge, what, headers, body=None, key="one"):
    path = f"/v1/me/challenges/{challenge.id}/{what}"
    return client.post(path, json=body or {}, headers=headers | {"Idempotency-Key": key})


def kinds(shown: Any) -> list[str]:
    return [action["kind"] for action in shown["actions"] if action["enabled"]]


def test_a_bar_fills_and_the_reward_is_claimed_once(books, client, cast, publish):
    three = publish(claim={"mode": "manual", "days": 7})
    do(books, cast.ana, 2)
    (shown,) = listed(client, cast)
    assert (shown["state"], shown["actions"]) == ("in_progress", [])
    assert shown["progress"] == {
        "current": 2,
        "target": 3,
        "remaining": 1,
        "pct": 66,
        "unit": "activities",
        "text": "1 more to go",
    }
    assert shown["reward"] == {"kind": "points", "title": "50 points", "points": {"amount": 50}}
    do(books, cast.ana, 2)
    (shown,) = listed(client, cast)
    assert (shown["state"], shown["progress"]["current"]) == ("completed", 3)
    assert (shown["claim_until"], kinds(shown)) == ("2026-11-29T22:00:00Z", ["claim"])
    done = good(post(client, three, "claims", cast.as_ana), 201)
    assert done["claim"]["state"] == "granted"
    assert done["granted"] == [{"kind": "points", "text": "+50 points", "points": {"amount": 50}}]
    assert (done["challenge"]["state"], done["challenge"]["actions"]) == ("claimed", [])
    assert done["updates"]["balances"][0]["amount"] == 50
    assert good(post(client, three, "claims", cast.as_ana), 201) == done
    again = post(client, three, "claims", cast.as_ana, key="two")
    assert code_of(again) == (409, "already_claimed")


def test_claiming_too_early_says_how_far_it_is(books, client, cast, publish):
    three = publish()
    do(books, cast.ana)
    before = rows_of(books, but=KEPT)
    answer = post(client, three, "claims", cast.as_ana)
    assert code_of(answer) == (409, "challenge_not_completed")
    assert answer.get_json()["params"] == {"current": 1, "target": 3, "missing": 2}
    assert rows_of(books, but=KEPT) == before


@pytest.mark.parametrize(
    ("language", "text", "title"),
    [
        ("en", "€1.50 to go", "Join"),
        ("ru", "Осталось 1,50 €", "Участвовать"),
        ("et", "Jäänud on 1,50 €", "Liitu"),
    ],
)
def test_bars_of_money_speak_the_members_language(client, cast, publish, language, text, title):
    publish("spend", target=1_50, opt_in=True)
    (shown,) = listed(client, cast, language)
    assert shown["progress"]["text"].replace("\xa0", " ") == text
    assert [action["label"] for action in shown["actions"]] == [title]


def test_a_member_joins_leaves_and_joins_again(books, client, cast, publish):
    three = publish(opt_in=True)
    path = f"/v1/me/challenges/{three.id}/enrolment"
    states = [listed(client, cast)[0]["state"]]
    for call in (client.put, client.put, client.delete, client.delete, client.put):
        shown = good(call(path, headers=cast.as_ana))["challenge"]
        states.append(shown["state"])
    joined, away = "joined", "available"
    assert states == [away, joined, joined, away, away, joined]
    do(books, cast.ana)
    (shown,) = listed(client, cast)
    assert (shown["state"], kinds(shown)) == ("in_progress", ["leave"])


@pytest.mark.parametrize(
    ("settings", "status", "code", "reason"),
    [
        ({"opt_in": False}, 409, "enrolment_not_offered", None),
        ({"requires": {"tiers": ["gold"]}}, 403, "challenge_locked", "challenge_locked"),
        (
            {"window": {"starts_at": "2027-01-01T00:00:00Z"}},
            409,
            "challenge_not_started",
            "challenge_not_started",
        ),
        ({"window": {"ends_at": "2026-01-01T00:00:00Z"}}, 409, "challenge_ended", None),
    ],
)
def test_who_cannot_join_is_told_why(books, client, cast, publish, settings, status, code, reason):
    three = publish(**{"opt_in": True, **settings})
    before = rows_of(books)
    answer = client.put(f"/v1/me/challenges/{three.id}/enrolment", headers=cast.as_ana)
    assert code_of(answer) == (status, code)
    assert rows_of(books) == before
    (shown,) = listed(client, cast)
    assert [action["reason"] for action in shown["actions"]] == ([reason] if reason else [])


def test_steps_and_milestones_are_shown_with_what_they_give(books, client, cast, publish):
    benefits = [{"kind": "points", "amount": 5}]
    step = {"key": "come", "names": {"en": "Come by"}, "benefits": benefits}
    far = {"key": "far", "names": {"en": "Far"}, "filter": {"kinds": ["flight"]}}
    publish("steps", steps=[step, far], milestones=[])
    do(books, cast.ana)
    (shown,) = listed(client, cast)
    found = [(one["title"], one["is_done"], one["reward"]) for one in shown["stages"]]
    gift = {"kind": "points", "title": "5 points", "points": {"amount": 5}}
    assert found == [("Come by", True, gift), ("Far", False, None)]
    assert kinds(shown) == ["claim"]


def detail(client, challenge, headers):
    return good(client.get(f"/v1/me/challenges/{challenge.id}", headers=headers))


def answers(*pairs):
    return {"answers": [{"question": key, "options": list(chosen)} for key, chosen in pairs]}


def test_right_answers_are_told_only_when_it_is_over(books, client, cast, publish):
    quiz = publish("quiz")
    shown = detail(client, quiz, cast.as_ana)
    assert [one["right"] for one in shown["quiz"]["questions"]] == [None, None]
    assert (shown["quiz"]["attempts_left"], kinds(shown)) == (2, ["answer"])
    wrong = answers(("bean", ["no"]), ("milk", ["no", "maybe"]))
    first = good(post(client, quiz, "answers", cast.as_ana, wrong), 201)
    assert (first["attempt"]["right"], first["attempt"]["is_passed"]) == (["milk"], False)
    assert first["challenge"]["quiz"]["questions"][0]["right"] is None
    assert "Look it up" not in str(first)
    right = answers(("bean", ["yes"]), ("milk", ["maybe", "no"]))
    second = good(post(client, quiz, "answers", cast.as_ana, right, key="two"), 201)
    assert (second["attempt"]["is_passed"], second["challenge"]["state"]) == (True, "completed")
    told = second["challenge"]["quiz"]["questions"]
    assert [(one["right"], one["explanation"]) for one in told] == [
        (["yes"], "Look it up."),
        (["maybe", "no"], "Look it up."),
    ]


def test_a_question_is_answered_once(books, client, cast, publish):
    quiz = publish("quiz")
    twice = answers(("bean", ["no"]), ("bean", ["yes"]))
    answer = post(client, quiz, "answers", cast.as_ana, twice)
    assert code_of(answer) == (422, "validation_failed")
    nothing = post(client, quiz, "answers", cast.as_ana, {"answers": []}, key="two")
    assert code_of(nothing) == (422, "validation_failed")
    assert detail(client, quiz, cast.as_ana)["quiz"]["attempts"] == 0


def test_the_activities_that_counted_are_listed(books, client, cast, publish):
    three = publish()
    do(books, cast.ana, 2)
    counted = detail(client, three, cast.as_ana)["counted"]
    assert [(one["amount"], one["occurred_at"]) for one in counted] == [
        (1, "2026-11-22T14:30:00Z")
    ] * 2
    assert detail(client, three, bearer(cast.ben_tokens.access_token))["counted"] == []


def test_a_paused_challenge_can_be_claimed_and_an_archived_one_is_gone(
    books, client, cast, publish
):
    three = publish()
    do(books, cast.ana, 3)
    with books.app_context(), transaction() as tx:
        pause(tx, CHALLENGES, three.id, EVA, NOW)
    good(post(client, three, "claims", cast.as_ana), 201)
    with books.app_context(), transaction() as tx:
        archive(tx, CHALLENGES, three.id, EVA, NOW)
    assert listed(client, cast) == []
    assert code_of(client.get(f"/v1/me/challenges/{three.id}", headers=cast.as_ana))[0] == 404


def test_what_has_not_changed_is_not_sent_again(client, cast, publish):
    publish()
    tag = client.get("/v1/me/challenges", headers=cast.as_ana).headers["ETag"]
    headers = cast.as_ana | {"If-None-Match": tag}
    assert client.get("/v1/me/challenges", headers=headers).status_code == 304


MIXED = [
    {"kind": "points", "amount": 5},
    {"kind": "badge", "key": "early", "amount": 2},
    {"kind": "points", "amount": 10},
    {"kind": "badge", "key": "hush"},
    {"kind": "reward", "key": "coffee"},
    {"kind": "reward", "key": "forgotten"},
    {"kind": "tier", "key": "gold"},
]


@pytest.fixture
def gifts(books):
    """A badge with named levels, a secret one, and a coffee."""
    levels = [{"condition": None}, {"condition": None, "names": {"en": "Lark", "ru": "Жаворонок"}}]
    with books.app_context(), transaction() as tx:
        publish_badge(tx, "early", names={"en": "Early"}, levels=levels)
        publish_badge(tx, "hush", None, names={"en": "Hush"}, secret=True)
        offer(tx)


def test_what_is_won_is_called_by_its_name_and_units_are_summed(
    books, client, cast, publish, gifts
):
    three = publish(benefits=MIXED, target=1, claim={"mode": "manual", "days": 7})
    do(books, cast.ana)
    (shown,) = listed(client, cast)
    told = "15 points + Badge “Lark” + A badge + Free coffee + A gift + Tier “Gold”"
    assert shown["reward"] == {"kind": "points", "title": told, "points": {"amount": 15}}
    assert shown["actions"][0]["label"] == f"Get {told}"
    russian = listed(client, cast, "ru")[0]["reward"]["title"]
    assert "Значок «Жаворонок» + Значок + Бесплатный кофе" in russian
    done = good(post(client, three, "claims", cast.as_ana), 201)
    texts = ["+5 points", "Badge “Lark”", "+10 points", "Badge “Hush”", "Free coffee"]
    assert [part["text"] for part in done["granted"]] == [*texts, "Tier “Gold”"]


WRITES = ["enrolment", "claims", "answers"]


@pytest.mark.parametrize("what", WRITES)
def test_only_members_play(books, client, cast, publish, what):
    three = publish(opt_in=True)
    before = rows_of(books)
    path = f"/v1/me/challenges/{three.id}/{what}"
    body: dict[str, Any] = answers(("bean", ["yes"])) if what == "answers" else {}
    for headers, code in (
        ({}, "token_missing"),
        (cast.as_shop, "token_invalid"),
        (cast.as_dan, "token_invalid"),
    ):
        keyed = headers | {"Idempotency-Key": "one"}
        if what == "enrolment":
            found = [client.put(path, headers=headers), client.delete(path, headers=headers)]
        else:
            found = [client.post(path, json=body, headers=keyed)]
        assert {code_of(answer) for answer in found} == {(401, code)}
    assert rows_of(books) == before
