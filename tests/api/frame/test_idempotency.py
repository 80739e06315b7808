"""One effect per key, whatever a client or the network does."""

import threading
from contextlib import contextmanager

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from server.core.db import transaction
from tests.fixtures.bell import ANA, BEN, hang_bell, rings_in
from tests.fixtures.schema import running_app


def ring(client: FlaskClient, key: str | None, who=ANA, path="rings", **body):
    headers = who | ({"Idempotency-Key": key} if key else {})
    return client.post(f"/v1/bells/{path}", json={"times": 1} | body, headers=headers)


def test_the_same_key_rings_once_and_answers_the_same_bytes(bell, bell_app):
    first = ring(bell, "k-1")
    second = ring(bell, "k-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert rings_in(bell_app) == 1


def test_quotes_around_a_key_make_no_difference(bell, bell_app):
    ring(bell, '"k-1"')
    assert ring(bell, "k-1").headers["Idempotent-Replayed"] == "true"
    assert rings_in(bell_app) == 1


def test_a_key_belongs_to_its_principal_and_operation(bell, bell_app):
    ring(bell, "k-1")
    assert "Idempotent-Replayed" not in ring(bell, "k-1", who=BEN).headers
    assert "Idempotent-Replayed" not in ring(bell, "k-1", path="soft-rings").headers
    assert rings_in(bell_app) == 3


def test_another_body_under_the_same_key_is_refused(bell, bell_app):
    ring(bell, "k-1")
    refused = ring(bell, "k-1", times=2)
    assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")
    assert ring(bell, "k-1").status_code == 201
    assert rings_in(bell_app) == 1


def test_the_order_of_fields_does_not_matter(bell):
    headers = ANA | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    bell.post("/v1/bells/rings", data=b'{"times":1,"note":"x"}', headers=headers)
    again = bell.post("/v1/bells/rings", data=b'{ "note":"x", "times":1 }', headers=headers)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_where_a_key_is_required_none_is_an_error(bell, bell_app):
    refused = ring(bell, None)
    assert (refused.status_code, refused.json["code"]) == (400, "idempotency_key_required")
    assert ring(bell, None, path="soft-rings").status_code == 201
    assert rings_in(bell_app) == 1


@pytest.mark.parametrize("key", ["", '""', "a b", "ä", "x" * 65, "\x01", "a,b", '"a","b"'])
def test_a_malformed_key_is_refused(bell, bell_app, key):
    headers = ANA | {"Idempotency-Key": key}
    refused = bell.post("/v1/bells/rings", json={"times": 1}, headers=headers)
    assert refused.status_code == 400
    assert refused.json["code"] in {"idempotency_key_invalid", "idempotency_key_required"}
    assert rings_in(bell_app) == 0


def test_a_business_refusal_is_remembered_and_its_effects_are_not(bell, bell_app):
    first = ring(bell, "k-1", fate="missing")
    second = ring(bell, "k-1", fate="missing")
    assert (first.status_code, first.json["code"]) == (409, "bell_missing")
    assert second.data == first.data
    assert second.content_type == "application/problem+json"
    assert second.headers["Idempotent-Replayed"] == "true"
    assert rings_in(bell_app) == 0


def test_a_refusal_that_keeps_its_writes_keeps_them_once(bell, bell_app):
    ring(bell, "k-1", fate="worn_out")
    assert ring(bell, "k-1", fate="worn_out").headers["Idempotent-Replayed"] == "true"
    assert rings_in(bell_app) == 1


@pytest.mark.parametrize(("fate", "status"), [("forbidden", 403), ("boom", 500)])
def test_what_may_change_is_not_remembered(bell, bell_app, fate, status):
    for _ in range(2):
        answer = ring(bell, "k-1", fate=fate)
        assert answer.status_code == status
        assert "Idempotent-Replayed" not in answer.headers
    assert ring(bell, "k-1", times=3).status_code == 201
    assert rings_in(bell_app) == 1


def test_a_validation_error_does_not_use_the_key_up(bell, bell_app):
    assert ring(bell, "k-1", times=11).status_code == 422
    assert ring(bell, "k-1", times=10).status_code == 201
    assert rings_in(bell_app) == 1


def test_twins_at_the_same_moment_have_one_effect(bell_app):
    gate, answers = threading.Barrier(8), []

    def send():
        client = bell_app.test_client()
        gate.wait()
        answers.append(ring(client, "twin"))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 7
    assert rings_in(bell_app) == 1


def test_a_dry_run_answers_and_leaves_nothing(bell, bell_app):
    headers = ANA | {"Loyalty-Dry-Run": "1", "Idempotency-Key": "k-1"}
    dry = bell.post("/v1/bells/rings", json={"times": 4}, headers=headers)
    assert (dry.status_code, dry.json["times"]) == (201, 4)
    assert dry.headers["Loyalty-Dry-Run"] == "1"
    assert rings_in(bell_app) == 0
    assert "Idempotent-Replayed" not in ring(bell, "k-1").headers


@contextmanager
def locked(app: Flask):
    """Somebody else writes and does not finish."""
    with app.app_context(), transaction() as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(text("LOCK TABLE outbox IN EXCLUSIVE MODE"))
        yield


def test_a_lock_that_is_not_had_in_time_is_told_as_in_progress(bell_app):
    client = bell_app.test_client()
    with locked(bell_app):
        answer = ring(client, "k-1")
    assert (answer.status_code, answer.json["code"]) == (409, "request_in_progress")
    assert answer.headers["Retry-After"] == "1"
    assert answer.json["retryable"] is True
    assert ring(client, "k-1").status_code == 201


def test_without_a_key_a_lock_that_is_not_had_means_busy(sqlite_bell_app):
    client = sqlite_bell_app.test_client()
    with locked(sqlite_bell_app):
        answer = ring(client, None, path="soft-rings")
    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "1"
    assert rings_in(sqlite_bell_app) == 0


@pytest.mark.parametrize(("clashes", "status", "rings"), [(1, 201, 1), (3, 201, 1), (4, 503, 0)])
def test_a_transaction_that_clashes_is_run_again_a_few_times(
    postgresql_database, clashes, status, rings
):
    with running_app(postgresql_database) as app:
        client = hang_bell(app).test_client()
        answer = ring(client, "k-1", times=clashes, fate="clash")
        assert answer.status_code == status
        assert rings_in(app) == rings
    if status == 503:
        assert (answer.json["code"], answer.json["retryable"]) == ("busy", True)


def test_the_stored_body_is_what_was_sent(bell):
    first = ring(bell, "k-1")
    assert orjson.loads(first.data)["rung_at"].endswith("Z")
