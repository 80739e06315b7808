"""The commands about members, tills and keys, as an operator types them."""

import re
import sys

import pytest
from click.testing import CliRunner

from server.cli import cli, main
from server.core.db import transaction
from server.core.errors import Refusal
from server.gamification.presets.service import apply_preset
from tests.builders.members import NOW, bearer
from tests.fixtures.schema import running_app


@pytest.fixture
def run(sqlite_database, monkeypatch):
    """Run a command on a fresh programme; return what it printed."""
    with running_app(sqlite_database) as app, app.app_context(), transaction() as tx:
        apply_preset(tx, "four_metals", NOW)
    monkeypatch.setenv("FAIRSTAR_DATABASE_URL", sqlite_database)
    monkeypatch.setenv("FAIRSTAR_MODE", "test")

    def run_command(*words):
        answer = CliRunner().invoke(cli, words)
        if isinstance(answer.exception, Refusal):
            raise answer.exception
        assert answer.exit_code == 0, answer.output
        return answer.output

    return run_command


@pytest.fixture
def caller(sqlite_database):
    with running_app(sqlite_database) as app:
        yield app.test_client()


def first_word(text):
    return text.split()[0]


def labelled(text, label):
    [value] = re.findall(rf"^{label} +(.+)$", text, re.MULTILINE)
    return value


def test_a_member_is_added_shown_blocked_and_unblocked(run):
    added = run("members", "add", "--first-name", "Ana", "--phone", "555 1234", "--email", "a@b.ee")
    [(member_id, number)] = re.findall(r"^(mem_\w+)  card (\d{13})$", added, re.MULTILINE)
    for who in (member_id, "+3725551234", "A@B.ee", number):
        shown = run("members", "show", who)
        assert member_id in shown
        assert "phone      +3725551234 (not verified)" in shown
    assert "is blocked" in run("members", "block", member_id, "--reason", "lost")
    assert "status     blocked" in run("members", "show", "5551234")
    assert "is active" in run("members", "unblock", member_id, "--reason", "found")


def test_a_refused_command_says_why(run):
    run("members", "add", "--phone", "5551234")
    for words in (("add", "--phone", "+3725551234"), ("show", "5550000"), ("show", "mem_x")):
        with pytest.raises(Refusal):
            run("members", *words)


def test_a_printed_token_works(run, caller):
    member_id = first_word(run("members", "add", "--first-name", "Ana", "--phone", "5551234"))
    token = run("members", "token", member_id).strip()
    assert caller.get("/v1/me", headers=bearer(token)).get_json()["id"] == member_id


def test_a_card_is_replaced_and_blocked(run):
    member_id = first_word(run("members", "add", "--phone", "5551234"))
    number = re.findall(r"\d{13}", run("members", "replace-card", member_id))[0]
    assert number in run("members", "show", member_id)
    assert number in run("members", "block-card", member_id)
    assert "card       -" in run("members", "show", member_id)


def test_a_till_is_added_paired_listed_and_revoked(run, caller):
    location_id = first_word(run("locations", "add", "Main Street", "--external-id", "s1"))
    assert location_id in run("locations", "list")
    added = run("devices", "add", "Dan", "--location", location_id)
    token = labelled(added, "token")
    assert f'"token":"{token}"' in labelled(added, "as text")
    paired = caller.post("/v1/partner/devices/pairing", json={"token": token}).get_json()
    device_id, as_dan = paired["device"]["id"], bearer(paired["key"])
    assert device_id in run("devices", "list")
    assert '"v":1' in run("devices", "pair", device_id)
    assert caller.get("/v1/partner/devices/self", headers=as_dan).status_code == 200
    run("devices", "revoke", device_id)
    assert caller.get("/v1/partner/devices/self", headers=as_dan).status_code == 401
    assert "revoked" in run("devices", "list")


def test_a_partners_key_is_added_listed_and_revoked(run, caller):
    partner_id = labelled(run("partners", "add", "Web shop"), "id")
    assert "shared secret" in run("partners", "list")
    added = run("keys", "add", "backend", "--partner", partner_id, "--scope", "members:read")
    key_id, secret = labelled(added, "id"), labelled(added, "key")
    assert labelled(added, "scopes") == "members:read partners:all"
    assert "shown only now" in added
    probe = {"phone": "5551234"}
    path = "/v1/partner/member-lookups"
    assert caller.post(path, json=probe, headers=bearer(secret)).status_code == 200
    assert secret not in run("keys", "list")
    run("keys", "revoke", key_id)
    assert caller.post(path, json=probe, headers=bearer(secret)).status_code == 401
    assert "revoked" in run("keys", "list")


def test_the_outbox_shows_the_code_when_no_mail_is_configured(run, caller):
    body = {"kind": "email", "email": "ana@example.com"}
    challenge = caller.post("/v1/auth/otp-challenges", json=body).get_json()
    shown = run("outbox", "--send")
    assert "kept" in shown
    grant = {"kind": "otp", "challenge_id": challenge["id"], "installation_id": "phone-123"}
    code = re.findall(r"\b\d{6}\b", shown)[0]
    assert caller.post("/v1/auth/sessions", json=grant | {"code": code}).status_code == 201


def test_another_secret_is_told_in_a_sentence(run, monkeypatch, capsys):
    member_id = first_word(run("members", "add", "--first-name", "Ana", "--email", "a@b.ee"))
    monkeypatch.setenv("FAIRSTAR_SECRET_KEY", "another secret than the one before, long enough")
    monkeypatch.setattr(sys, "argv", ["fairstar", "members", "show", member_id])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "FAIRSTAR_SECRET_KEY is not the secret of this database" in told
    assert "Traceback" not in told
