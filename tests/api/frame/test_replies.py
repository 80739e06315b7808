"""What goes out: problems, headers, tags and limits."""

import re

import pytest

from tests.fixtures.bell import ANA, BEN, hang_bell, rings_in
from tests.fixtures.schema import running_app

ALWAYS = {"X-Request-Id", "X-Contract-Version", "Content-Language", "X-Content-Type-Options",
          "Content-Security-Policy", "Referrer-Policy"}  # fmt: skip
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "code", "user_message", "params", "errors",
                   "request_id", "retryable"}  # fmt: skip


@pytest.fixture
def client(sqlite_bell_app):
    return sqlite_bell_app.test_client()


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/v1/bells/b", {}, 401, "token_missing"),
        ("GET", "/v1/bells/b", {"Authorization": "Basic x"}, 401, "token_missing"),
        ("GET", "/v1/bells/b", {"Authorization": "Bearer"}, 401, "token_missing"),
        ("GET", "/v1/bells/b", {"Authorization": "Bearer nobody"}, 401, "token_invalid"),
        ("GET", "/v1/bells/b", {"Authorization": "Bearer " + "x" * 5000}, 401, "token_invalid"),
        ("GET", "/v1/bells/b", {"Authorization": "Bearer äöü"}, 401, "token_invalid"),
        ("GET", "/v1/bells/b", {"Authorization": "Bearer old"}, 401, "token_expired"),
        ("POST", "/v1/bells/rings", {"Authorization": "Bearer member-mute"}, 403, "scope_missing"),
        ("GET", "/v1/bells/none", ANA, 404, "not_found"),
        ("GET", "/v1/nowhere", ANA, 404, "not_found"),
        ("PUT", "/v1/bells/rings", ANA, 405, "method_not_allowed"),
        ("OPTIONS", "/v1/bells/rings", ANA, 405, "method_not_allowed"),
    ],
)
def test_every_failure_is_a_problem(client, method, path, headers, status, code):
    answer = client.open(path, method=method, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert set(answer.json) == PROBLEM_MEMBERS
    assert answer.get_json()["request_id"] == answer.headers["X-Request-Id"]
    assert set(answer.headers.keys()) >= ALWAYS
    page = client.get(answer.get_json()["type"].removeprefix("http://127.0.0.1:8000"))
    assert (page.status_code, code in page.text) == (200, True)


def test_a_wrong_method_says_which_are_right(client):
    answer = client.put("/v1/bells/rings", headers=ANA)
    assert "POST" in answer.headers["Allow"]


def test_an_unexpected_error_tells_nothing(client, sqlite_app, capsys):
    answer = client.post("/v1/bells/soft-rings", json={"times": 1, "fate": "boom"}, headers=ANA)
    assert (answer.status_code, answer.get_json()["code"]) == (500, "internal")
    assert "founder" not in answer.text
    logged = capsys.readouterr().err
    assert "the secret of the bell founder" in logged
    assert answer.get_json()["request_id"] in logged
    assert rings_in(sqlite_app) == 0


def test_logs_hold_neither_tokens_nor_bodies(client, capsys):
    body = {"times": 1, "note": "Anna Tamm"}
    client.post("/v1/bells/soft-rings", json=body, headers=ANA)
    client.get("/v1/bells/b?cursor=private", headers={"Authorization": "Bearer sk_live_secret"})
    logged = capsys.readouterr().err
    assert "ringSoftly" in logged
    for private in ("Anna", "sk_live", "Bearer", "private"):
        assert private not in logged


def test_a_well_formed_request_id_is_taken_over(client):
    sent = client.get("/v1/bells/b", headers=ANA | {"X-Request-Id": "till-4_000017"})
    assert sent.headers["X-Request-Id"] == "till-4_000017"


@pytest.mark.parametrize("request_id", ["short", "a b c d e f", "x" * 65, "<script>alert"])
def test_another_request_id_is_replaced(client, request_id):
    answer = client.get("/v1/bells/b", headers=ANA | {"X-Request-Id": request_id})
    assert re.fullmatch(r"req_[0-9a-z]{26}", answer.headers["X-Request-Id"])


@pytest.mark.parametrize(
    ("header", "language"),
    [(None, "ru"), ("et-EE,ru;q=0.8", "et"), ("fr", "ru"), ("de, en;q=0.5", "en"), ("ru;q=0", "ru"),
     ("*", "en"), (";;;,,q=", "ru")],
)  # fmt: skip
def test_the_language_is_the_one_asked_for_or_the_members(client, header, language):
    headers = ANA | ({"Accept-Language": header} if header is not None else {})
    assert client.get("/v1/bells/none", headers=headers).headers["Content-Language"] == language


def test_what_a_person_reads_is_in_their_language(client):
    answers = {
        language: client.get("/v1/bells/none", headers=ANA | {"Accept-Language": language}).json
        for language in ("en", "ru", "et")
    }
    assert len({answer["user_message"] for answer in answers.values()}) == 3
    assert {answer["title"] for answer in answers.values()} == {"Not found"}


@pytest.mark.parametrize("path", ["b", "tagged"])
def test_an_unchanged_read_is_answered_304_and_costs_no_quota(client, path):
    first = client.get(f"/v1/bells/{path}", headers=ANA)
    tag = first.headers["ETag"]
    again = client.get(f"/v1/bells/{path}", headers=ANA | {"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert again.headers["RateLimit"].split(";")[1] == first.headers["RateLimit"].split(";")[1]
    stale = client.get(f"/v1/bells/{path}", headers=ANA | {"If-None-Match": '"x", W/"y"'})
    assert stale.status_code == 200
    assert remaining(stale) == remaining(first) - 1


@pytest.mark.parametrize("path", ["b", "tagged"])
@pytest.mark.parametrize("header", ["W/{}", '"x", W/{}', '{}, "x"', ' "x" ,{} ', "*"])
def test_a_tag_is_known_in_every_form_that_a_cache_may_send(client, path, header):
    tag = client.get(f"/v1/bells/{path}", headers=ANA).headers["ETag"]
    known = {"If-None-Match": header.format(tag)}
    again = client.get(f"/v1/bells/{path}", headers=ANA | known)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)


def remaining(response) -> int:
    return int(response.headers["RateLimit"].split(";r=")[1].split(";")[0])


def test_the_tag_changes_with_content_and_language(client):
    def tag(**headers):
        return client.get("/v1/bells/b", headers=ANA | headers).headers["ETag"]

    before = tag()
    assert re.fullmatch(r'"[0-9a-f]{24}"', before)
    assert tag(**{"Accept-Language": "en"}) != before
    client.post("/v1/bells/soft-rings", json={"times": 1}, headers=ANA)
    assert tag() != before


def test_the_limit_counts_each_principal_by_itself(sqlite_database):
    with running_app(sqlite_database, RATE_LIMIT_MEMBER="3/hour") as app:
        client = hang_bell(app).test_client()
        answers = [client.get("/v1/bells/b", headers=ANA) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [remaining(answer) for answer in answers] == [2, 1, 0, 0]
        refused = answers[-1]
        assert (refused.get_json()["code"], refused.get_json()["retryable"]) == (
            "rate_limited",
            True,
        )
        assert 1 <= int(refused.headers["Retry-After"]) <= 7200
        assert refused.headers["RateLimit-Policy"] == '"member";q=3;w=3600'
        assert client.get("/v1/bells/b", headers=BEN).status_code == 200


def test_wrong_tokens_are_counted_by_address(sqlite_database):
    with running_app(sqlite_database, RATE_LIMIT_PUBLIC="2/hour") as app:
        client = hang_bell(app).test_client()
        wrong = {"Authorization": "Bearer wrong"}
        codes = [client.get("/v1/bells/b", headers=wrong).get_json()["code"] for _ in range(3)]
        assert codes == ["token_invalid", "token_invalid", "rate_limited"]
        assert client.get("/v1/bells/b", headers=ANA).status_code == 200


def test_a_reply_may_have_no_body(client):
    answer = client.delete("/v1/bells/b", headers=ANA)
    assert (answer.status_code, answer.data) == (204, b"")


def test_a_head_request_is_a_read_without_its_body(client):
    answer = client.head("/v1/bells/b", headers=ANA)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["ETag"] == client.get("/v1/bells/b", headers=ANA).headers["ETag"]


def test_the_api_sets_no_cookies_and_loads_nothing(client):
    answer = client.get("/v1/bells/b", headers=ANA)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
