"""Where a member is signed in, and what a token may do."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from server.gamification.members.service import block_member
from server.gamification.sessions.types import Installation
from tests.builders.members import NOW, bearer, sign_in

READS = ["/v1/me", "/v1/me/card", "/v1/auth/sessions"]


def code_of(response):
    return response.status_code, response.get_json()["code"]


def test_a_member_sees_where_they_are_signed_in_and_signs_out_there(app, client, cast):
    with app.app_context(), transaction() as tx:
        lost = sign_in(tx, cast.ana, Installation("lost-phone", "Old phone"))
    listed = client.get("/v1/auth/sessions", headers=cast.as_ana).get_json()["items"]
    assert {one["user_agent"]: one["is_current"] for one in listed} == {
        "Phone": True,
        "Old phone": False,
    }
    gone = client.delete(f"/v1/auth/sessions/{lost.session_id}", headers=cast.as_ana)
    assert (gone.status_code, gone.data) == (204, b"")
    assert code_of(client.get("/v1/me", headers=bearer(lost.access_token)))[0] == 401
    listed = client.get("/v1/auth/sessions", headers=cast.as_ana).get_json()["items"]
    assert [one["user_agent"] for one in listed] == ["Phone"]


def test_signing_out_works_at_once(client, cast):
    assert client.delete("/v1/auth/sessions/current", headers=cast.as_ana).status_code == 204
    assert code_of(client.get("/v1/me", headers=cast.as_ana)) == (401, "token_invalid")
    assert client.get("/v1/me", headers=bearer(cast.ben_tokens.access_token)).status_code == 200


def test_nobody_signs_others_out(client, cast):
    address = f"/v1/auth/sessions/{cast.ana_tokens.session_id}"
    refused = client.delete(address, headers=bearer(cast.ben_tokens.access_token))
    assert code_of(refused) == (404, "not_found")
    assert client.get("/v1/me", headers=cast.as_ana).status_code == 200


@pytest.mark.parametrize("path", READS)
def test_only_a_members_own_live_token_reads(client, cast, path):
    assert client.get(path, headers=cast.as_ana).status_code == 200
    answers = {
        "nothing": client.get(path),
        "no bearer": client.get(path, headers={"Authorization": "Basic YTpi"}),
        "nonsense": client.get(path, headers=bearer("nonsense")),
        "a till": client.get(path, headers=cast.as_dan),
        "a shop": client.get(path, headers=cast.as_shop),
        "refresh": client.get(path, headers=bearer(cast.ana_tokens.refresh_token)),
    }
    assert {who: code_of(answer) for who, answer in answers.items()} == {
        "nothing": (401, "token_missing"),
        "no bearer": (401, "token_missing"),
        "nonsense": (401, "token_invalid"),
        "a till": (401, "token_invalid"),
        "a shop": (401, "token_invalid"),
        "refresh": (401, "token_invalid"),
    }


def test_an_access_token_lives_for_twenty_minutes(client, cast, clock_at):
    clock_at.tick(timedelta(minutes=19, seconds=59))
    assert client.get("/v1/me", headers=cast.as_ana).status_code == 200
    clock_at.tick(timedelta(seconds=1))
    assert code_of(client.get("/v1/me", headers=cast.as_ana)) == (401, "token_expired")


def test_a_blocked_member_is_refused_at_once(app, client, cast):
    with app.app_context(), transaction() as tx:
        block_member(tx, cast.ana.id, "cli:eva", "why", NOW)
    for path in READS:
        assert code_of(client.get(path, headers=cast.as_ana)) == (403, "member_blocked")
