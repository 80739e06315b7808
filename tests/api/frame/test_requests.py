"""What comes in: bodies, queries and paths, refused exactly and without side effects."""

import pytest

from tests.fixtures.bell import ANA, hang_bell, rings_in
from tests.fixtures.schema import running_app

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(sqlite_bell_app):
    return sqlite_bell_app.test_client()


def post(client, data: bytes, content_type="application/json", **headers):
    headers = ANA | {"Content-Type": content_type} | headers
    return client.post("/v1/bells/soft-rings", data=data, headers=headers)


def errors_of(response):
    return {(error["pointer"], error["code"]) for error in response.json["errors"]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"times": NaN}',
        b'{"times": Infinity}',
        b'{"times": 1e999}',
        b'{"note": "\xff"}',
        b'{"note": "\\ud800"}',
        b"[" * 100_000,
        b'{"note":' + b"[" * 30 + b"]" * 30 + b"}",
        b'{"note":' + b'{"a":' * 900 + b"1" + b"}" * 901,
        b"\x00",
    ],
)
def test_what_is_not_json_is_malformed(client, sqlite_app, data):
    refused = post(client, data)
    assert (refused.status_code, refused.json["code"]) == (400, "malformed_json")
    assert rings_in(sqlite_app) == 0


@pytest.mark.parametrize("data", [b"[]", b"1", b'"x"', b"null", b"true"])
def test_a_body_that_is_no_object_is_invalid(client, data):
    refused = post(client, data)
    assert refused.status_code == 422
    assert errors_of(refused) == {("", "invalid")}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=latin-1"],
)
def test_other_media_types_are_refused(client, content_type):
    refused = post(client, b'{"times": 1}', content_type)
    assert (refused.status_code, refused.json["code"]) == (415, "unsupported_media_type")


def test_a_compressed_body_is_refused(client):
    refused = post(client, b'{"times": 1}', **{"Content-Encoding": "gzip"})
    assert refused.json["code"] == "unsupported_media_type"


def test_json_with_a_suffix_or_charset_is_welcome(client):
    assert post(client, b'{"times": 1}', "application/json; charset=UTF-8").status_code == 201
    assert post(client, b'{"times": 1}', "application/x+json").status_code == 201


def test_a_body_beyond_one_mebibyte_is_too_large(client):
    refused = post(client, b'{"note": "' + b"x" * 2**20 + b'"}')
    assert (refused.status_code, refused.json["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ("", "/times", "required"),
        ('"times": null', "/times", "required"),
        ('"times": "5"', "/times", "invalid"),
        ('"times": true', "/times", "invalid"),
        ('"times": 1.5', "/times", "invalid"),
        ('"times": 0', "/times", "too_small"),
        ('"times": 11', "/times", "too_large"),
        ('"times": 99999999999999999999999', "/times", "too_large"),
        ('"times": 1, "tims": 1', "/tims", "unknown_field"),
        ('"times": 1, "a/b~c": 1', "/a~1b~0c", "unknown_field"),
        ('"times": 1, "note": 5', "/note", "invalid"),
        ('"times": 1, "note": " "', "/note", "too_short"),
        ('"times": 1, "note": "xxxxxxxxxxxxxxxxxxxxx"', "/note", "too_long"),
        ('"times": 1, "note": "a\\u0007"', "/note", "control_characters"),
        ('"times": 1, "note": "a\\u0000"', "/note", "control_characters"),
        ('"times": 1, "note": "a\\nb"', "/note", "control_characters"),
        ('"times": 1, "note": "a\\u202eb"', "/note", "control_characters"),
        ('"times": 1, "note": "a\\u2066b"', "/note", "control_characters"),
        ('"times": 1, "at": "2026-11-22T10:00:00"', "/at", "invalid"),
        ('"times": 1, "at": "2026-11-22"', "/at", "invalid"),
        ('"times": 1, "at": "2026-02-30T10:00:00Z"', "/at", "invalid"),
        ('"times": 1, "at": "2026-11-22T10:00:00+99:00"', "/at", "invalid"),
        ('"times": 1, "at": "1989-12-31T23:59:59Z"', "/at", "out_of_range"),
        ('"times": 1, "at": "0001-01-01T00:00:00+10:00"', "/at", "invalid"),
        ('"times": 1, "at": 5', "/at", "invalid"),
        ('"times": 1, "day": "2026-13-01"', "/day", "invalid"),
        ('"times": 1, "day": "20261101"', "/day", "invalid"),
        ('"times": 1, "day": "1800-01-01"', "/day", "out_of_range"),
        ('"times": 1, "price": 5', "/price", "invalid"),
        ('"times": 1, "price": {"currency": "EUR"}', "/price/amount_minor", "required"),
        (
            '"times": 1, "price": {"amount_minor": 1, "currency": "eur"}',
            "/price/currency",
            "pattern",
        ),
        ('"times": 1, "clappers": {}', "/clappers", "invalid"),
        ('"times": 1, "clappers": [{"metal": "wood"}]', "/clappers/0/metal", "invalid"),
        ('"times": 1, "clappers": [{"metal": ["steel"]}]', "/clappers/0/metal", "invalid"),
        ('"times": 1, "clappers": [1, 2, 3, 4]', "/clappers", "too_many"),
    ],
)
def test_a_wrong_field_is_named_by_pointer_and_code(client, sqlite_app, fields, pointer, code):
    refused = post(client, f"{{{fields}}}".encode())
    assert (refused.status_code, refused.json["code"]) == (422, "validation_failed")
    assert errors_of(refused) == {(pointer, code)}
    assert rings_in(sqlite_app) == 0


def test_all_wrong_fields_are_told_at_once(client):
    refused = post(client, b'{"times": 0, "note": 1, "x": 2}')
    assert errors_of(refused) == {
        ("/times", "too_small"),
        ("/note", "invalid"),
        ("/x", "unknown_field"),
    }


def test_a_whole_number_may_be_written_with_a_fraction_of_zero(client):
    answer = post(client, b'{"times": 3.0}')
    assert (answer.status_code, answer.json["times"]) == (201, 3)


@pytest.mark.parametrize(
    "at",
    ["2026-11-22T14:36:58Z", "2026-11-22t16:36:58.123456789+02:00", "2026-11-22 14:36:58-00:00"],
)
def test_instants_of_every_offset_are_welcome(client, at):
    assert post(client, f'{{"times": 1, "at": "{at}"}}'.encode()).status_code == 201


@pytest.mark.parametrize(
    ("query", "code"),
    [("limit=0", "too_small"), ("limit=101", "too_large"), ("limit=x", "invalid"),
     ("limit=1.5", "invalid"), ("cursor=" + "x" * 401, "too_long")],
)  # fmt: skip
def test_a_wrong_parameter_is_refused(client, query, code):
    refused = client.get(f"/v1/bells/b?{query}", headers=ANA)
    assert refused.status_code == 422
    assert {error["code"] for error in refused.json["errors"]} == {code}


def test_members_may_send_unknown_parameters(client):
    assert client.get("/v1/bells/b?utm=1", headers=ANA).status_code == 200
    assert client.get("/v1/bells/tagged?utm=1", headers=ANA).status_code == 200


@pytest.mark.parametrize("path", ["b", "tagged"])
def test_partners_may_not_send_unknown_parameters(sqlite_database, path):
    with running_app(sqlite_database) as app:
        client = hang_bell(app, lenient_query=False).test_client()
        refused = client.get(f"/v1/bells/{path}?utm=1", headers=ANA)
    assert refused.status_code == 422
    assert errors_of(refused) == {("/utm", "unknown_field")}


@pytest.mark.parametrize("path", ["%00", "a%00b", "%0A", "x" * 201, "%7F"])
def test_a_path_that_no_id_can_have_is_not_found(client, path):
    refused = client.get(f"/v1/bells/{path}", headers=ANA)
    assert (refused.status_code, refused.json["code"]) == (404, "not_found")


def test_a_query_with_a_nul_character_is_refused(client):
    assert client.get("/v1/bells/b?cursor=%00", headers=ANA).status_code == 422
