"""The inbox, preferences and consents in the app; nobody sees or changes those of another."""

from datetime import timedelta

import pytest

from server.core.db import reading, transaction
from server.notifications.inbox import count_unread
from tests.builders.members import NOW, bearer
from tests.builders.messages import deliveries, earned, expiring, happen, messages, tell
from tests.builders.tills import code_of, good
from tests.fixtures.tables import rows_of

READ = {"is_read": True}


@pytest.fixture
def told(books, cast):
    """Ana was told of points twice, the first time a minute earlier; a hint is no message."""
    with books.app_context():
        for minutes in (-1, 0):
            with transaction() as tx:
                earned(tx, cast.ana.id, 10 - minutes, NOW + timedelta(minutes=minutes))
                happen(tx, "challenge.progressed", cast.ana.id, challenge_id="chl_1", pct=50)
            tell(NOW + timedelta(minutes=minutes))
        return [row for row in reversed(messages()) if not row.is_silent]


@pytest.fixture
def phone(client, cast):
    """Ask as Ana, in a language."""

    def ask(method, path, body=None, headers=None, language="en"):
        headers = (cast.as_ana if headers is None else headers) | {"Accept-Language": language}
        return client.open(f"/v1/me/{path}", method=method, json=body, headers=headers)

    return ask


def ben(cast):
    return bearer(cast.ben_tokens.access_token)


def test_the_inbox_shows_what_was_told_newest_first(phone, told):
    page = good(phone("GET", "inbox?limit=1"))
    (item,) = page["items"]
    assert item == {
        "id": told[0].id,
        "type": "points.matured",
        "category": "service",
        "title": "10 points are yours now",
        "body": "They can be used from today.",
        "path": "/activity",
        "is_read": False,
        "created_at": "2026-11-22T14:30:00Z",
        "expires_at": "2026-11-25T14:30:00Z",
    }
    assert page["unread"] == 2
    rest = good(phone("GET", f"inbox?cursor={page['next_cursor']}"))
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == ([told[1].id], None)


def test_messages_are_read_one_by_one_or_up_to_an_instant(phone, told):
    path = f"inbox/{told[0].id}"
    assert good(phone("PATCH", path, READ))["is_read"] is True
    assert good(phone("GET", "home?sections=inbox"))["inbox"] == {"status": "ok", "unread": 1}
    assert good(phone("PATCH", path, {"is_read": False}))["is_read"] is False
    earlier = {"until": "2026-11-22T14:29:30Z"}
    for _ in range(2):
        assert good(phone("PUT", "inbox/read-marker", earlier)) == {"unread": 1}
    assert good(phone("PUT", "inbox/read-marker", {"until": "2099-01-01T00:00:00Z"})) == {
        "unread": 0
    }
    assert code_of(phone("PATCH", "inbox/msg_nothing", READ)) == (404, "not_found")


def test_what_is_no_longer_true_is_not_counted(books, told):
    with books.app_context(), reading() as tx:
        instants = (NOW, NOW + timedelta(days=3))
        assert [count_unread(tx, told[0].member_id, at) for at in instants] == [2, 0]


def test_receipts_are_noted_once_and_only_for_own_messages(books, phone, cast, told):
    def send(headers=None, kind="opened", at="2026-11-22T14:30:00Z"):
        items = [{"message_id": told[0].id, "kind": kind, "at": at}]
        return good(phone("POST", "push-receipts", {"items": items}, headers))["accepted"]

    assert send(ben(cast)) == 0
    assert [send(), send(at="2026-11-22T14:30:01Z"), send(kind="dismissed")] == [1, 1, 1]
    with books.app_context():
        (row,) = [row for row in messages() if row.id == told[0].id]
    assert (row.opened_at, row.read_at, row.dismissed_at) == (NOW, NOW, NOW)
    assert code_of(phone("POST", "push-receipts", {"items": []}))[0] == 422


def test_preferences_are_those_of_the_programme_until_they_are_changed(phone, told):
    found = good(phone("GET", "preferences"))
    assert found["quiet_hours"] == {"from": "21:00", "to": "09:00", "is_own": False}
    assert found["categories"][3] == {
        "category": "offers",
        "push": True,
        "email": False,
        "is_push_fixed": False,
        "needs_consent": True,
    }
    change = {
        "categories": [{"category": "progress", "push": False}],
        "quiet_hours": {"from": "23:30", "to": "06:00"},
    }
    changed = good(phone("PATCH", "preferences", change))
    assert changed["categories"][1]["push"] is False
    assert changed["quiet_hours"] == {"from": "23:30", "to": "06:00", "is_own": True}
    again = {"categories": [{"category": "progress", "email": True}]}
    assert good(phone("PATCH", "preferences", again))["categories"][1]["push"] is False
    assert (
        good(phone("PATCH", "preferences", {"quiet_hours": None}))["quiet_hours"]
        == (found["quiet_hours"])
    )


@pytest.mark.parametrize(
    "change",
    [
        {"categories": [{"category": "service", "push": False}]},
        {"categories": [{"category": "all", "push": False}]},
        {"quiet_hours": {"from": "24:00", "to": "06:00"}},
        {"quiet_hours": {"from": "22:00"}},
    ],
)
def test_what_cannot_be_chosen_changes_nothing(books, phone, told, change):
    before = rows_of(books)
    assert code_of(phone("PATCH", "preferences", change)) == (422, "validation_failed")
    assert rows_of(books) == before


def test_what_was_switched_off_does_not_come(books, phone, cast, told):
    off = {"categories": [{"category": "reminders", "push": False}]}
    good(phone("PATCH", "preferences", off))
    with books.app_context():
        before = len(deliveries())
        with transaction() as tx:
            expiring(tx, cast.ana.id)
        tell()
        assert ("points.expiring",) in messages("type")
        assert len(deliveries()) == before


def test_consents_are_kept_with_their_version(books, phone, told):
    assert good(phone("GET", "consents"))["items"][0] == {
        "purpose": "marketing_push", "is_granted": False, "version": None, "recorded_at": None,
    }  # fmt: skip
    yes = {"is_granted": True, "version": "2026-11"}
    for _ in range(2):
        made = good(phone("PUT", "consents/marketing_push", yes))
    assert made == {
        "purpose": "marketing_push", "recorded_at": "2026-11-22T14:30:00Z", **yes,
    }  # fmt: skip
    no = good(phone("PUT", "consents/marketing_push", yes | {"is_granted": False}))
    assert good(phone("GET", "consents"))["items"][0] == no
    kept = rows_of(books)["consent"]
    assert [(row["number"], bool(row["is_granted"])) for row in kept] == [(1, True), (2, False)]
    assert code_of(phone("PUT", "consents/everything", yes)) == (404, "not_found")


def test_nobody_reads_or_changes_messages_of_another(books, phone, cast, told):
    assert good(phone("GET", "inbox", headers=ben(cast)))["items"] == []
    path = f"inbox/{told[0].id}"
    before = rows_of(books)
    assert code_of(phone("PATCH", path, READ, ben(cast))) == (404, "not_found")
    for headers, code in (({}, "token_missing"), (cast.as_dan, "token_invalid")):
        for method, what, body in (
            *(("GET", name, None) for name in ("inbox", "preferences", "consents")),
            ("PATCH", path, READ),
            ("PUT", "inbox/read-marker", {"until": "2099-01-01T00:00:00Z"}),
            ("PATCH", "preferences", {"quiet_hours": None}),
            ("PUT", "consents/marketing_push", {"is_granted": True, "version": "1"}),
        ):
            assert code_of(phone(method, what, body, headers)) == (401, code)
    assert rows_of(books) == before
