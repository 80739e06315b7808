"""Enrolling at the counter; reading and changing members as a partner."""

import pytest
from sqlalchemy import func, select

from server.core.db import reading, transaction
from server.core.idempotency import RECORD
from server.gamification.cards.rules import card_number
from server.gamification.invariants.service import check_all
from server.gamification.members.models import MEMBER
from server.gamification.members.service import block_member
from server.gamification.partners.types import Profile
from tests.builders.members import NOW, bearer, pair_dan

PATH = "/v1/partner/members"
CARLA = {
    "first_name": " Carla  Maria ",
    "last_name": "Tamm",
    "phone": "555 77 77",
    "email": "carla@example.com",
    "birthday": "1999-12-31",
    "locale": "et",
    "attributes": {"size": "M", "visits": 3, "vip": False, "empty": None},
}


def code_of(response):
    return response.status_code, response.get_json()["code"]


def members_in(app):
    with app.app_context(), reading() as tx:
        return tx.execute(select(func.count()).select_from(MEMBER)).scalar_one()


def test_a_till_enrols_a_member_where_it_stands(client, cast):
    answer = client.post(PATH, json=CARLA, headers=cast.as_dan)
    assert answer.status_code == 201
    body = answer.get_json()
    here = client.get("/v1/partner/devices/self", headers=cast.as_dan).get_json()["location"]
    assert body["id"].startswith("mem_")
    assert len(body["card_number"]) == 13
    assert body | {"id": "", "card_number": ""} == {
        "id": "",
        "status": "active",
        "merged_into_id": None,
        "display_name": "Carla Maria T.",
        "first_name": "Carla Maria",
        "last_name": "Tamm",
        "birthday": None,
        "locale": "et",
        "time_zone": None,
        "phone_hint": "•••7777",
        "email_hint": "c•••@example.com",
        "external_id": None,
        "card_number": "",
        "attributes": {"size": "M", "visits": 3, "vip": False},
        "joined_location_id": here["id"],
        "joined_at": "2026-11-22T14:30:00Z",
    }


def test_a_backend_sees_the_birthday_and_its_own_external_id(client, cast):
    sent = CARLA | {"external_id": " 4711 "}
    body = client.post(PATH, json=sent, headers=cast.as_shop).get_json()
    assert (body["birthday"], body["external_id"]) == ("1999-12-31", "4711")
    till = client.get(f"{PATH}/{body['id']}", headers=cast.as_dan).get_json()
    assert (till["birthday"], till["external_id"]) == (None, None)


@pytest.mark.parametrize("profile", list(Profile))
def test_a_till_that_only_scans_learns_no_more_than_who_it_is(app, client, cast, profile):
    sent = CARLA | {"time_zone": "Europe/Tallinn"}
    full = client.post(PATH, json=sent, headers=cast.as_dan).get_json()
    with app.app_context(), transaction() as tx:
        _, secret = pair_dan(tx, profile=profile)
    seen = client.get(f"{PATH}/{full['id']}", headers=bearer(secret)).get_json()
    hidden = {name for name in full if seen[name] != full[name]}
    if profile is not Profile.TILL_SCAN_ONLY:
        assert hidden == set()
        return
    assert hidden == {"last_name", "time_zone", "card_number", "joined_location_id", "attributes"}
    assert seen["attributes"] == {}
    assert {seen[name] for name in hidden - {"attributes"}} == {None}
    assert (seen["display_name"], seen["phone_hint"]) == ("Carla Maria T.", "•••7777")


@pytest.mark.parametrize(
    "person", [{"phone": "+372 5551234"}, {"email": "ANA@example.com", "phone": "5550001"}]
)
def test_who_is_a_member_already_is_named(app, client, cast, person):
    answer = client.post(PATH, json=person, headers=cast.as_dan)
    assert code_of(answer) == (409, "member_exists")
    assert answer.get_json()["params"]["member_id"] == cast.ana.id
    assert members_in(app) == 2


def test_the_same_request_twice_enrols_once(app, client, cast):
    keyed = cast.as_dan | {"Idempotency-Key": "enrol-1"}
    first, second = (client.post(PATH, json=CARLA, headers=keyed) for _ in range(2))
    assert first.data == second.data
    assert second.headers["Idempotent-Replayed"] == "true"
    assert members_in(app) == 3


def test_the_stored_answer_names_nobody(app, client, cast):
    client.post(PATH, json=CARLA, headers=cast.as_dan | {"Idempotency-Key": "enrol-1"})
    with app.app_context(), reading() as tx:
        (row,) = tx.execute(select(RECORD)).all()
        assert row.body.startswith("v1.")
        assert check_all(tx, NOW) == []
    for word in ("Carla", "Tamm", "•••7777", "1999"):
        assert word not in str(tuple(row))


def test_a_dry_run_enrols_nobody(app, client, cast):
    trial = client.post(PATH, json=CARLA, headers=cast.as_dan | {"Loyalty-Dry-Run": "1"})
    assert trial.status_code == 201
    assert trial.headers["Loyalty-Dry-Run"] == "1"
    assert members_in(app) == 2


def test_a_printed_card_is_enough_to_join_and_belongs_to_one(client, cast):
    number = card_number(123)
    first = client.post(PATH, json={"card_number": number}, headers=cast.as_dan)
    assert first.get_json()["card_number"] == number
    second = client.post(PATH, json={"card_number": number}, headers=cast.as_dan)
    assert code_of(second) == (409, "card_taken")


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"phone": None, "email": None}, "", "identifier_missing"),
        ({"phone": "12"}, "/phone", "invalid_phone"),
        ({"email": "x"}, "/email", "invalid_email"),
        ({"card_number": "4006381333931"}, "/card_number", "invalid_card_number"),
        ({"birthday": "2026-12-31"}, "/birthday", "invalid_birthday"),
        ({"locale": "xx"}, "/locale", "invalid_locale"),
        ({"attributes": {"a b": 1}}, "/attributes", "invalid_name"),
        ({"attributes": {"a": 1.5}}, "/attributes", "invalid_value"),
        ({"attributes": {"a": [1]}}, "/attributes", "invalid_value"),
        ({"attributes": {f"a{i}": 1 for i in range(51)}}, "/attributes", "too_many"),
        ({"attributes": []}, "/attributes", "invalid"),
        ({"status": "active"}, "/status", "unknown_field"),
    ],
)
def test_impossible_people_are_refused(app, client, cast, changes, pointer, code):
    answer = client.post(PATH, json=CARLA | changes, headers=cast.as_dan)
    assert code_of(answer) == (422, "validation_failed")
    errors = answer.get_json()["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]
    assert members_in(app) == 2


def test_an_unknown_location_enrols_nobody(app, client, cast):
    sent = CARLA | {"location_id": "loc_nowhere"}
    assert code_of(client.post(PATH, json=sent, headers=cast.as_shop)) == (404, "not_found")
    assert members_in(app) == 2


def test_a_backend_changes_contact_data_and_profile(client, cast):
    sent = {
        "email": "new@example.com",
        "phone": None,
        "first_name": "Anna",
        "external_id": "77",
        "attributes": {"size": "L"},
    }
    body = client.patch(f"{PATH}/{cast.ana.id}", json=sent, headers=cast.as_shop).get_json()
    assert (body["email_hint"], body["phone_hint"]) == ("n•••@example.com", None)
    assert (body["first_name"], body["external_id"]) == ("Anna", "77")
    assert body["attributes"] == {"size": "L"}
    again = client.patch(f"{PATH}/{cast.ana.id}", json=sent, headers=cast.as_shop)
    assert again.get_json() == body


def test_a_till_adds_contact_data_and_never_replaces_it(client, cast):
    added = client.patch(f"{PATH}/{cast.ben.id}", json={"external_id": "c-7"}, headers=cast.as_dan)
    assert added.status_code == 200
    for change in ({"email": "dan@example.com"}, {"external_id": None}, {"phone": "5550000"}):
        refused = client.patch(f"{PATH}/{cast.ben.id}", json=change, headers=cast.as_dan)
        assert code_of(refused) == (409, "field_locked")
        assert refused.get_json()["params"] == {"field": next(iter(change))}
    same = {"external_id": "c-7", "phone": "+372 555 9999"}
    kept = client.patch(f"{PATH}/{cast.ben.id}", json=same, headers=cast.as_dan)
    assert kept.get_json() == added.get_json()


def test_a_refused_change_changes_nothing(client, cast):
    before = client.get(f"{PATH}/{cast.ben.id}", headers=cast.as_shop).get_json()
    sent = {"first_name": "Benno", "phone": "+3725551234"}
    refused = client.patch(f"{PATH}/{cast.ben.id}", json=sent, headers=cast.as_shop)
    assert code_of(refused) == (409, "member_exists")
    assert client.get(f"{PATH}/{cast.ben.id}", headers=cast.as_shop).get_json() == before


def test_a_blocked_member_is_shown_and_not_changed(app, client, cast):
    with app.app_context(), transaction() as tx:
        block_member(tx, cast.ana.id, "cli:eva", "why", NOW)
    path = f"{PATH}/{cast.ana.id}"
    assert client.get(path, headers=cast.as_shop).get_json()["status"] == "blocked"
    refused = client.patch(path, json={"first_name": "Anna"}, headers=cast.as_shop)
    assert code_of(refused) == (403, "member_blocked")


def test_an_unknown_member_is_not_found(client, cast):
    assert code_of(client.get(f"{PATH}/mem_nobody", headers=cast.as_dan)) == (404, "not_found")
    patched = client.patch(f"{PATH}/mem_nobody", json={}, headers=cast.as_shop)
    assert code_of(patched) == (404, "not_found")
