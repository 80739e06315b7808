"""The member's own profile and card."""

from datetime import timedelta

import pyotp
import pytest

from server.core.db import reading, transaction
from server.gamification.cards.queries import find_active_card
from server.gamification.cards.service import block_card
from tests.builders.members import ANA_EMAIL, ANA_PHONE, NOW, bearer


def test_a_member_reads_the_whole_profile(client, cast):
    assert client.get("/v1/me", headers=cast.as_ana).get_json() == {
        "id": cast.ana.id,
        "status": "active",
        "first_name": "Ana",
        "last_name": "Kask",
        "birthday": "1990-11-25",
        "is_birthday_locked": True,
        "locale": None,
        "time_zone": None,
        "phone": {"value": ANA_PHONE, "is_verified": False},
        "email": {"value": ANA_EMAIL, "is_verified": False},
        "joined_at": "2026-11-22T14:30:00Z",
    }


def test_a_profile_that_is_known_is_not_sent_again(client, cast):
    first = client.get("/v1/me", headers=cast.as_ana)
    known = cast.as_ana | {"If-None-Match": first.headers["ETag"]}
    assert client.get("/v1/me", headers=known).status_code == 304
    changed = client.patch("/v1/me", json={"first_name": "Anna"}, headers=cast.as_ana)
    assert changed.get_json()["first_name"] == "Anna"
    assert client.get("/v1/me", headers=known).status_code == 200


def test_a_change_touches_only_what_was_sent_and_null_clears(client, cast):
    sent = {"last_name": None, "locale": "et", "time_zone": "Europe/Riga"}
    body = client.patch("/v1/me", json=sent, headers=cast.as_ana).get_json()
    assert (body["first_name"], body["last_name"]) == ("Ana", None)
    assert (body["locale"], body["time_zone"]) == ("et", "Europe/Riga")


def test_the_chosen_language_is_used_from_then_on(client, cast):
    client.patch("/v1/me", json={"locale": "ru"}, headers=cast.as_ana)
    assert client.get("/v1/me", headers=cast.as_ana).headers["Content-Language"] == "ru"


def test_a_birthday_can_be_set_once(client, cast):
    as_ben = bearer(cast.ben_tokens.access_token)
    first = client.patch("/v1/me", json={"birthday": "2000-02-29"}, headers=as_ben)
    assert (first.get_json()["birthday"], first.get_json()["is_birthday_locked"]) == (
        "2000-02-29",
        True,
    )
    same = client.patch("/v1/me", json={"birthday": "2000-02-29"}, headers=as_ben)
    assert same.status_code == 200
    other = client.patch("/v1/me", json={"birthday": "2001-01-01"}, headers=as_ben)
    assert (other.status_code, other.get_json()["code"]) == (409, "field_locked")
    assert other.get_json()["params"] == {"field": "birthday"}
    assert client.get("/v1/me", headers=as_ben).get_json()["birthday"] == "2000-02-29"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"birthday": "2026-11-23"}, "/birthday"),
        ({"birthday": "1899-01-01"}, "/birthday"),
        ({"birthday": "2000-02-30"}, "/birthday"),
        ({"locale": "de"}, "/locale"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"first_name": "x" * 81}, "/first_name"),
        ({"first_name": "a\u0000b"}, "/first_name"),
        ({"email": "new@example.com"}, "/email"),
        ({"status": "active"}, "/status"),
        ([], ""),
    ],
)
def test_impossible_changes_change_nothing(client, cast, body, pointer):
    before = client.get("/v1/me", headers=cast.as_ana).get_json()
    refused = client.patch("/v1/me", json=body, headers=cast.as_ana)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "validation_failed")
    assert [error["pointer"] for error in refused.get_json()["errors"]] == [pointer]
    assert client.get("/v1/me", headers=cast.as_ana).get_json() == before


def test_the_app_makes_the_rotating_code_from_the_card(app, client, cast, clock_at):
    card = client.get("/v1/me/card", headers=cast.as_ana).get_json()
    assert card["barcode"] == {"format": "ean13", "payload": card["number"]}
    qr = card["qr"]
    clock_at.tick(timedelta(days=20))
    code = pyotp.TOTP(qr["secret_b32"], digits=qr["digits"], interval=qr["period_s"])
    scanned = {"qr": qr["prefix"] + code.at(NOW + timedelta(days=20))}
    found = client.post("/v1/partner/member-lookups", json=scanned, headers=cast.as_dan).get_json()
    assert (found["member"]["id"], found["assurance"]) == (cast.ana.id, "fresh_qr")
    assert card["rules"] == {"stale_qr": "earn_only", "spend_needs": ["fresh_qr"]}
    assert card["wallet"] == {"apple": None, "google": None}


def test_a_card_that_is_known_is_not_sent_again_within_its_term(client, cast, clock_at):
    first = client.get("/v1/me/card", headers=cast.as_ana)
    clock_at.tick(timedelta(minutes=10))
    known = cast.as_ana | {"If-None-Match": first.headers["ETag"]}
    assert client.get("/v1/me/card", headers=known).status_code == 304


def test_a_spoken_code_is_shown_until_it_ends(client, cast, clock_at):
    made = client.post("/v1/me/card/spoken-code", headers=cast.as_ana)
    assert made.status_code == 201
    spoken = made.get_json()
    assert spoken["expires_at"] == "2026-11-22T14:32:00Z"
    assert client.get("/v1/me/card", headers=cast.as_ana).get_json()["spoken"] == spoken
    clock_at.tick(timedelta(seconds=120))
    assert client.get("/v1/me/card", headers=cast.as_ana).get_json()["spoken"] is None


def test_a_member_without_active_card_has_empty_fields(app, client, cast):
    with app.app_context(), transaction() as tx:
        block_card(tx, cast.ana.id, NOW)
    card = client.get("/v1/me/card", headers=cast.as_ana).get_json()
    assert [card[name] for name in ("number", "barcode", "qr", "spoken")] == [None] * 4
    with app.app_context(), reading() as tx:
        assert find_active_card(tx, cast.ana.id) is None
