"""What members report themselves: declared, once, as often as it counts, and never for the shop."""

import pytest
from sqlalchemy import update

from server.core.db import transaction
from server.gamification.activity_types.settings import ACTIVITY_TYPES
from server.gamification.definitions.service import install
from server.gamification.members.models import MEMBER
from tests.api.partner.test_events import add_rule
from tests.builders.members import NOW, bearer
from tests.builders.tills import code_of, good
from tests.fixtures.tables import rows_of

KEPT = ("idempotency_record",)
CHECK_IN = {
    "names": {"en": "Check-in", "ru": "Отметка", "et": "Kohalolek"},
    "reporter": "member",
    "often": "daily",
    "fields": [
        {"name": "mood", "type": "choice", "choices": ["sunny", "cloudy"], "is_required": True},
        {"name": "note", "type": "text", "most": 20},
    ],
}


@pytest.fixture
def types(books):
    """Members check in daily (2 points), share (1), complete the profile once (9); shops review."""
    with books.app_context(), transaction() as tx:
        for activity, points in (("check_in", 2), ("share", 1), ("profile_completed", 9)):
            add_rule(tx, activity, points)
        install(tx, ACTIVITY_TYPES, "check_in", CHECK_IN, "cli:eva", NOW)
        own = {"names": {"en": "Share"}, "reporter": "member"}
        install(tx, ACTIVITY_TYPES, "share", own, "cli:eva", NOW)
        once = own | {"often": "once"}
        install(tx, ACTIVITY_TYPES, "profile_completed", once, "cli:eva", NOW)
        install(tx, ACTIVITY_TYPES, "review", {"names": {"en": "Review"}}, "cli:eva", NOW)
    return books


@pytest.fixture
def send(client, cast):
    """Send events of Ana's (or of somebody else's) app."""

    def post(*events, key="one", headers=None):
        body = {"events": [{"id": one, "type": kind, "data": data} for one, kind, data in events]}
        named = (headers or cast.as_ana) | {"Idempotency-Key": key}
        return client.post("/v1/me/events", json=body, headers=named)

    return post


SUNNY = {"mood": "sunny"}


def statuses(answer):
    return [
        (one["status"], one["error"] and one["error"]["code"]) for one in good(answer)["results"]
    ]


def test_an_event_gives_what_its_rule_says_and_only_once(types, send):
    done = good(send(("a", "check_in", SUNNY), ("b", "share", {})))
    assert [one["effects"][0]["text"] for one in done["results"]] == ["+2 points", "+1 point"]
    assert done["updates"]["balances"][0]["amount"] == 3
    assert good(send(("a", "check_in", SUNNY), ("b", "share", {}))) == done
    again = send(("a", "check_in", SUNNY), ("b", "share", {}), key="two")
    assert statuses(again) == [("duplicate", None)] * 2


def test_each_event_is_refused_by_itself(types, send):
    answer = send(
        ("a", "check_in", {"mood": "grey"}),
        ("b", "nothing", {}),
        ("c", "review", {}),
        ("d", "purchase", {}),
        ("e", "share", {}),
        ("e", "share", {"more": 1}),
    )
    unknown = ("refused", "activity_type_unknown")
    assert statuses(answer) == [
        ("refused", "validation_failed"),
        unknown,
        unknown,
        unknown,
        ("created", None),
        ("refused", "transaction_duplicate_mismatch"),
    ]
    assert good(answer)["updates"]["balances"][0]["amount"] == 1
    (wrong,) = good(answer)["results"][0]["error"]["errors"]
    assert (wrong["pointer"], wrong["code"]) == ("/data/mood", "invalid")


def test_a_daily_event_counts_once_a_day(types, send, client, cast):
    assert statuses(send(("a", "check_in", SUNNY)))[0][0] == "created"
    again = send(("b", "check_in", SUNNY), key="two")
    assert statuses(again) == [("refused", "activity_too_often")]
    found = {one["type"]: one["is_open"] for one in listed(client, cast.as_ana)}
    assert found == {"check_in": False, "share": True, "profile_completed": True}


def listed(client, headers, language="en"):
    answer = client.get("/v1/me/events/types", headers=headers | {"Accept-Language": language})
    return good(answer)["items"]


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Check-in"), ("ru", "Отметка"), ("et", "Kohalolek")]
)
def test_the_app_learns_what_it_may_report(types, client, cast, language, title):
    found = listed(client, cast.as_ana, language)
    assert [one["type"] for one in found] == ["check_in", "share", "profile_completed"]
    mood = {"name": "mood", "type": "choice", "is_required": True, "least": None, "most": None}
    note = {"name": "note", "type": "text", "is_required": False, "least": 0, "most": 20}
    assert found[0] == {
        "type": "check_in",
        "title": title,
        "often": "daily",
        "is_open": True,
        "fields": [mood | {"choices": ["sunny", "cloudy"]}, note | {"choices": []}],
    }


def test_a_profile_is_completed_when_nothing_is_missing(types, send, cast):
    as_ben = bearer(cast.ben_tokens.access_token)
    answer = send(("p", "profile_completed", {}), headers=as_ben)
    assert statuses(answer) == [("refused", "profile_incomplete")]
    assert good(answer)["results"][0]["error"]["user_message"].startswith("Please complete")
    with types.app_context(), transaction() as tx:
        born = {"birthday": NOW.date().replace(year=1990)}
        tx.execute(update(MEMBER).where(MEMBER.c.id == cast.ben.id).values(**born))
    again = send(("p", "profile_completed", {}), key="two", headers=as_ben)
    assert statuses(again) == [("created", None)]


def test_two_members_may_name_their_events_alike(types, send, cast):
    assert statuses(send(("a", "share", {}))) == [("created", None)]
    as_ben = bearer(cast.ben_tokens.access_token)
    assert statuses(send(("a", "share", {}), headers=as_ben)) == [("created", None)]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"events": []}, 422, "validation_failed"),
        ({"events": [{"id": "a b", "type": "share"}]}, 422, "validation_failed"),
        (
            {"events": [{"id": "a", "type": "share"}] * 21},
            422,
            "validation_failed",
        ),
        ({"events": [{"id": "a", "type": "share", "occurred_at": "x"}]}, 422, "validation_failed"),
    ],
)
def test_what_cannot_be_read_moves_nothing(types, client, cast, body, status, code):
    before = rows_of(types, but=KEPT)
    headers = cast.as_ana | {"Idempotency-Key": "one"}
    assert code_of(client.post("/v1/me/events", json=body, headers=headers)) == (status, code)
    assert rows_of(types, but=KEPT) == before


def test_a_key_and_a_member_are_needed(types, client, cast):
    body = {"events": [{"id": "a", "type": "share"}]}
    answer = client.post("/v1/me/events", json=body, headers=cast.as_ana)
    assert code_of(answer) == (400, "idempotency_key_required")
    assert code_of(client.post("/v1/me/events", json=body)) == (401, "token_missing")
    assert code_of(client.get("/v1/me/events/types", headers=cast.as_shop)) == (
        401,
        "token_invalid",
    )
