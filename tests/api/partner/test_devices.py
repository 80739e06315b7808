"""Tills: pairing, their own description, keys that end at once."""

from datetime import timedelta

import pytest

from server.core.crypto import hash_secret
from server.core.db import reading, transaction
from server.gamification.partners.keys import add_partner_key, revoke_key
from server.gamification.partners.queries import find_key_holder, get_device
from server.gamification.partners.service import offer_pairing, revoke_device
from server.gamification.partners.types import KeyMode, Profile
from tests.builders.members import NOW, add_shop, bearer, pair_dan
from tests.fixtures.schema import running_app

SELF = "/v1/partner/devices/self"
PAIRING = "/v1/partner/devices/pairing"
LOOKUP = "/v1/partner/member-lookups"
MEMBERS = "/v1/partner/members"


def code_of(response):
    return response.status_code, response.get_json()["code"]


def new_token(app, device_id):
    with app.app_context(), transaction() as tx:
        return offer_pairing(tx, device_id, NOW).token


def test_a_till_is_paired_once_and_knows_itself(app, client, cast):
    sent = {"token": new_token(app, cast.dan_id), "app_version": "2.1.0"}
    answer = client.post(PAIRING, json=sent)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.get_json()
    as_new = bearer(body["key"])
    assert body["key"].startswith("dk_test_")
    assert client.get(SELF, headers=as_new).get_json() == body["device"]
    assert body["device"] | {"location": {}} == {
        "id": cast.dan_id,
        "name": "Dan",
        "profile": "till_full",
        "scopes": [
            "badges:write",
            "events:write",
            "members:read",
            "members:write",
            "redemptions:write",
            "returns:write",
            "transactions:read",
            "transactions:write",
        ],
        "location": {},
        "app_version": "2.1.0",
        "offline": {"may_earn": True, "may_spend": False},
    }
    assert code_of(client.post(PAIRING, json=sent)) == (422, "pairing_token_invalid")
    assert code_of(client.get(SELF, headers=cast.as_dan)) == (401, "app_key_invalid")


def test_a_pairing_token_lives_for_an_hour(app, client, cast, clock_at):
    token = new_token(app, cast.dan_id)
    clock_at.tick(timedelta(hours=1))
    answer = client.post(PAIRING, json={"token": token})
    assert code_of(answer) == (422, "pairing_token_invalid")
    assert client.get(SELF, headers=cast.as_dan).status_code == 200


def test_a_till_reports_its_version(client, cast):
    body = client.patch(SELF, json={"app_version": "3.0"}, headers=cast.as_dan).get_json()
    assert body["app_version"] == "3.0"
    assert client.get(SELF, headers=cast.as_dan).get_json() == body


def test_a_new_key_overlaps_with_the_old_for_an_hour(client, cast, clock_at):
    answer = client.post(f"{SELF}/key-rotation", headers=cast.as_dan)
    assert answer.status_code == 201
    body = answer.get_json()
    assert body["previous_expires_at"] == "2026-11-22T15:30:00Z"
    for headers in (cast.as_dan, bearer(body["key"])):
        assert client.get(SELF, headers=headers).status_code == 200
    clock_at.tick(timedelta(hours=1))
    assert code_of(client.get(SELF, headers=cast.as_dan)) == (401, "app_key_invalid")
    assert client.get(SELF, headers=bearer(body["key"])).status_code == 200


@pytest.mark.parametrize("method", ["get", "patch", "post"])
def test_a_backend_is_no_device(client, cast, method):
    path = f"{SELF}/key-rotation" if method == "post" else SELF
    body = {"app_version": "1"} if method == "patch" else None
    answer = getattr(client, method)(path, json=body, headers=cast.as_shop)
    assert code_of(answer) == (403, "forbidden")


def test_a_revoked_device_is_refused_at_once(app, client, cast):
    assert client.get(SELF, headers=cast.as_dan).status_code == 200
    with app.app_context(), transaction() as tx:
        revoke_device(tx, cast.dan_id, NOW)
    assert code_of(client.get(SELF, headers=cast.as_dan)) == (401, "device_revoked")


def test_a_revoked_key_is_refused_at_once(app, client, cast):
    probe = {"phone": "5551234"}
    assert client.post(LOOKUP, json=probe, headers=cast.as_shop).status_code == 200
    with app.app_context(), transaction() as tx:
        revoke_key(tx, find_key_holder(tx, hash_secret(cast.shop_key)).id, NOW)
    refused = client.post(LOOKUP, json=probe, headers=cast.as_shop)
    assert code_of(refused) == (401, "app_key_invalid")


def test_only_keys_are_let_in(client, cast):
    probe = {"phone": "5551234"}
    wrong = [cast.as_ana, bearer("sk_test_unknown"), bearer("x" * 5000), bearer("schlüssel")]
    answers = [client.post(LOOKUP, json=probe, headers=headers) for headers in (wrong)]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert code_of(client.post(LOOKUP, json=probe)) == (401, "token_missing")


@pytest.mark.parametrize(
    ("profile", "may_look", "may_enrol"),
    [
        (Profile.TILL_FULL, True, True),
        (Profile.TILL_SCAN_ONLY, True, False),
        (Profile.KIOSK, True, True),
    ],
)
def test_a_device_may_do_what_its_profile_says(app, client, cast, profile, may_look, may_enrol):
    with app.app_context(), transaction() as tx:
        headers = bearer(pair_dan(tx, profile=profile)[1])
    look = client.post(LOOKUP, json={"phone": "5551234"}, headers=headers)
    enrol = client.post(MEMBERS, json={"phone": "5550001"}, headers=headers)
    assert look.status_code == (200 if may_look else 403)
    assert enrol.status_code == (201 if may_enrol else 403)
    if not may_enrol:
        assert enrol.get_json()["params"] == {"scope": "members:write"}


def test_a_key_does_only_what_its_scopes_say(app, client, cast):
    with app.app_context(), transaction() as tx:
        _, secret, _ = add_shop(tx, "members:read", name="Reader")
    reader = bearer(secret)
    assert client.get(f"{MEMBERS}/{cast.ana.id}", headers=reader).status_code == 200
    for answer in (
        client.patch(f"{MEMBERS}/{cast.ana.id}", json={"first_name": "X"}, headers=reader),
        client.post(MEMBERS, json={"phone": "5550001"}, headers=reader),
    ):
        assert code_of(answer) == (403, "scope_missing")
    unchanged = client.get(f"{MEMBERS}/{cast.ana.id}", headers=cast.as_shop).get_json()
    assert unchanged["first_name"] == "Ana"


def test_the_use_of_a_key_is_noted_every_five_minutes(app, client, cast, clock_at):
    seen = []
    for minutes in (0, 4, 1):
        clock_at.tick(timedelta(minutes=minutes))
        client.get(SELF, headers=cast.as_dan)
        with app.app_context(), reading() as tx:
            used = find_key_holder(tx, hash_secret(cast.dan_key)).last_used_at
            assert get_device(tx, cast.dan_id).last_seen_at == used
            seen.append(used - NOW)
    assert seen == [timedelta(), timedelta(), timedelta(minutes=5)]


def test_a_test_key_does_not_work_in_production(sqlite_database):
    secrets = {"SECRET_KEY": "0123456789abcdefghijklmnopqrstuv", "BASE_URL": "https://a.example"}
    with running_app(sqlite_database, MODE="production", **secrets) as app, app.app_context():
        with transaction() as tx:
            partner_id, test_key, _ = add_shop(tx)
            live = add_partner_key(tx, partner_id, "x", ["members:read"], NOW, KeyMode.LIVE)
        client = app.test_client()
        path = f"{MEMBERS}/mem_nobody"
        assert code_of(client.get(path, headers=bearer(test_key))) == (401, "app_key_invalid")
        assert code_of(client.get(path, headers=bearer(live.secret))) == (404, "not_found")
