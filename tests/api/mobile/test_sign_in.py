"""Signing in through the API: codes, assertions, refresh, and what is refused."""

import re
from datetime import timedelta

import jwt
import pytest
from sqlalchemy import func, select, update

from server.core.db import reading, transaction
from server.gamification.members.models import MEMBER
from server.gamification.members.service import block_member
from server.gamification.programme.models import PROGRAMME
from server.gamification.sessions.models import MEMBER_SESSION, OTP_CHALLENGE
from server.notifications.mail.models import MAIL
from server.notifications.mail.service import latest_mails
from tests.builders.members import ANA_EMAIL, NOW, VAULT, bearer

HERE = "ana-phone-9"


def ask_for_code(client, email=ANA_EMAIL, **headers):
    body = {"kind": "email", "email": email}
    return client.post("/v1/auth/otp-challenges", json=body, headers=headers)


def newest_code(app, to=ANA_EMAIL):
    with app.app_context(), reading() as tx:
        mails = [mail.message for mail in latest_mails(tx, VAULT) if mail.message.to == to]
    body = mails[0].body
    return re.findall(r"\b\d{6}\b", body)[0]


def open_session(client, **grant):
    body = {"installation_id": HERE} | grant
    return client.post("/v1/auth/sessions", json=body, headers={"User-Agent": "Fairstar/1.0"})


def by_code(client, challenge_id, code):
    return open_session(client, kind="otp", challenge_id=challenge_id, code=code)


def by_refresh(client, token, **more):
    return open_session(client, kind="refresh", refresh_token=token, **more)


def assertion(cast, **changes):
    ends = int((NOW + timedelta(minutes=4)).timestamp())
    claims = {"iss": cast.shop_id, "sub": "4711", "aud": "http://127.0.0.1:8000", "jti": "one"}
    return jwt.encode(claims | {"exp": ends} | changes, cast.shop_secret, "HS256")


def count(app, table):
    with app.app_context(), reading() as tx:
        return tx.execute(select(func.count()).select_from(table)).scalar_one()


def code_of(response):
    return response.status_code, response.get_json()["code"]


def test_whoever_has_not_said_who_they_are_may_send_little(client):
    for path in ("/v1/auth/otp-challenges", "/v1/auth/sessions"):
        refused = client.post(path, json={"junk": "x" * 16 * 1024})
        assert (refused.status_code, refused.json["code"]) == (413, "payload_too_large")


def test_a_known_member_signs_in_by_code(app, client, cast):
    asked = ask_for_code(client)
    assert asked.status_code == 201
    assert asked.headers["Cache-Control"] == "no-store"
    assert asked.get_json() | {"id": ""} == {
        "id": "",
        "kind": "email",
        "sent_to": "a•••@example.com",
        "attempts_max": 5,
        "expires_at": "2026-11-22T14:40:00Z",
    }
    answer = by_code(client, asked.get_json()["id"], newest_code(app))
    assert answer.status_code == 201
    body = answer.get_json()
    assert body["member"] == {"id": cast.ana.id, "is_new": False}
    assert body["access_expires_in"] == 1200
    me = client.get("/v1/me", headers=bearer(body["access_token"])).get_json()
    assert me["email"] == {"value": ANA_EMAIL, "is_verified": True}
    assert me["phone"]["is_verified"] is False


def test_an_unknown_address_gets_the_same_answer_and_joins(app, client, cast):
    before = count(app, MEMBER)
    known, unknown = ask_for_code(client), ask_for_code(client, "Carla@Example.COM")
    assert known.get_json().keys() == unknown.get_json().keys()
    code = newest_code(app, "Carla@example.com")
    answer = by_code(client, unknown.get_json()["id"], code).get_json()
    assert answer["member"]["is_new"] is True
    assert count(app, MEMBER) == before + 1
    me = client.get("/v1/me", headers=bearer(answer["access_token"])).get_json()
    assert me["email"] == {"value": "Carla@example.com", "is_verified": True}
    assert client.get("/v1/me/card", headers=bearer(answer["access_token"])).get_json()["number"]


def test_nobody_joins_where_the_shop_enrols(app, client, cast):
    with app.app_context(), transaction() as tx:
        settings = tx.execute(select(PROGRAMME.c.settings)).scalar_one()
        closed = {"settings": settings | {"self_enrolment": False}, "revision": "rev_closed"}
        tx.execute(update(PROGRAMME).values(closed))
    before = count(app, MEMBER)
    asked = ask_for_code(client, "carla@example.com").get_json()
    code = newest_code(app, "carla@example.com")
    assert code_of(by_code(client, asked["id"], code)) == (403, "enrolment_closed")
    assert count(app, MEMBER) == before


@pytest.mark.parametrize(
    ("language", "words"), [("ru", "код"), ("et-EE,ru;q=0.8", "kood"), ("de", "code")]
)
def test_the_mail_is_written_in_the_readers_language(app, client, cast, language, words):
    assert ask_for_code(client, **{"Accept-Language": language}).status_code == 201
    with app.app_context(), reading() as tx:
        mail = latest_mails(tx, VAULT, 1)[0]
    assert words in mail.message.subject.lower()
    assert mail.message.to == ANA_EMAIL
    assert "10" in mail.message.body


def test_a_code_cannot_be_guessed(app, client, cast):
    challenge_id = ask_for_code(client).get_json()["id"]
    code = newest_code(app)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    answers = [by_code(client, challenge_id, wrong) for _ in range(5)]
    assert [code_of(one) for one in answers] == [(422, "otp_invalid")] * 5
    assert [one.get_json()["params"]["attempts_left"] for one in answers] == [4, 3, 2, 1, 0]
    assert code_of(by_code(client, challenge_id, code)) == (429, "otp_too_many")
    assert count(app, MEMBER_SESSION) == 2


def test_a_code_works_once_and_for_ten_minutes(app, client, cast, clock_at):
    challenge_id = ask_for_code(client).get_json()["id"]
    assert by_code(client, challenge_id, newest_code(app)).status_code == 201
    assert code_of(by_code(client, challenge_id, newest_code(app))) == (422, "otp_expired")
    late = ask_for_code(client).get_json()["id"]
    clock_at.tick(timedelta(minutes=10))
    assert code_of(by_code(client, late, newest_code(app))) == (422, "otp_expired")


def test_an_address_is_not_flooded(app, client, cast):
    first = ask_for_code(client).get_json()["id"]
    code = newest_code(app)
    answers = [ask_for_code(client) for _ in range(6)]
    assert [one.status_code for one in answers] == [201] * 6
    assert [sorted(one.get_json()) for one in answers] == [sorted(answers[0].get_json())] * 6
    assert (count(app, OTP_CHALLENGE), count(app, MAIL)) == (5, 5)
    assert by_code(client, first, code).status_code == 201


def test_a_stranger_does_not_use_up_the_codes_of_an_address(app, client, cast, clock_at):
    body = {"kind": "email", "email": ANA_EMAIL}
    for _ in range(9):
        client.post(
            "/v1/auth/otp-challenges", json=body, environ_base={"REMOTE_ADDR": "203.0.113.9"}
        )
    clock_at.tick(timedelta(seconds=1))
    mine = ask_for_code(client).get_json()["id"]
    assert by_code(client, mine, newest_code(app)).status_code == 201


def test_a_blocked_member_does_not_sign_in(app, client, cast):
    challenge_id = ask_for_code(client).get_json()["id"]
    with app.app_context(), transaction() as tx:
        block_member(tx, cast.ana.id, "cli:eva", "why", NOW)
    assert code_of(by_code(client, challenge_id, newest_code(app))) == (403, "member_blocked")
    assert code_of(by_refresh(client, cast.ana_tokens.refresh_token))[1] == "refresh_reused"


def test_a_partner_vouches_for_its_customer_once(app, client, cast):
    token = assertion(cast, given_name="Carla")
    answer = open_session(client, kind="partner_assertion", assertion=token).get_json()
    assert answer["member"]["is_new"] is True
    me = client.get("/v1/me", headers=bearer(answer["access_token"])).get_json()
    assert (me["first_name"], me["email"], me["phone"]) == ("Carla", None, None)
    again = open_session(client, kind="partner_assertion", assertion=token)
    assert code_of(again) == (409, "assertion_replayed")
    later = open_session(client, kind="partner_assertion", assertion=assertion(cast, jti="two"))
    assert later.get_json()["member"] == {"id": answer["member"]["id"], "is_new": False}


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", jwt.encode({"sub": "x"}, "", "none")])
def test_what_no_partner_has_signed_is_refused(app, client, cast, token):
    answer = open_session(client, kind="partner_assertion", assertion=token)
    assert code_of(answer) == (401, "assertion_invalid")
    assert count(app, MEMBER_SESSION) == 2


def test_a_refresh_token_rotates_and_its_reuse_ends_everything(app, client, cast, clock_at):
    challenge_id = ask_for_code(client).get_json()["id"]
    first = by_code(client, challenge_id, newest_code(app)).get_json()
    second = by_refresh(client, first["refresh_token"]).get_json()
    assert second["session_id"] == first["session_id"]
    lost = by_refresh(client, first["refresh_token"]).get_json()
    assert lost["refresh_token"] == second["refresh_token"]
    clock_at.tick(timedelta(seconds=61))
    assert code_of(by_refresh(client, first["refresh_token"])) == (401, "refresh_reused")
    assert code_of(by_refresh(client, second["refresh_token"])) == (401, "session_ended")
    after = client.get("/v1/me", headers=bearer(second["access_token"]))
    assert code_of(after) == (401, "token_invalid")


def test_a_refresh_token_works_only_where_it_was_given(client, cast):
    token = cast.ana_tokens.refresh_token
    assert code_of(by_refresh(client, token)) == (401, "refresh_reused")
    assert code_of(client.get("/v1/me", headers=cast.as_ana)) == (401, "token_invalid")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "otp", "code": "123456"}, "/challenge_id"),
        ({"kind": "otp", "challenge_id": "otp_x"}, "/code"),
        ({"kind": "otp", "challenge_id": "otp_x", "code": "12345"}, "/code"),
        ({"kind": "partner_assertion", "code": "123456"}, "/assertion"),
        ({"kind": "refresh", "refresh_token": None}, "/refresh_token"),
        ({"kind": "password"}, "/kind"),
        ({"kind": "refresh", "refresh_token": "x", "installation_id": "a b"}, "/installation_id"),
        ({"kind": "refresh", "refresh_token": "x", "member_id": "mem_1"}, "/member_id"),
    ],
)
def test_each_kind_of_sign_in_needs_its_fields(client, cast, body, pointer):
    answer = open_session(client, **body)
    assert code_of(answer) == (422, "validation_failed")
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]


@pytest.mark.parametrize("email", ["ana", "ana@", "x" * 255, "", None, 5])
def test_a_code_goes_only_to_an_address(app, client, cast, email):
    assert code_of(ask_for_code(client, email)) == (422, "validation_failed")
    assert count(app, OTP_CHALLENGE) == 0
