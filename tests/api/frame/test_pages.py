"""The reference, health, metrics and CORS: what is around the API itself."""

import hashlib
import json
import re

import pytest
from sqlalchemy import text

from server.api.docs import SWAGGER
from server.core.db import transaction
from tests.fixtures.bell import ANA, hang_bell
from tests.fixtures.schema import running_app
from tests.tidy.tree import ROOT

STATIC = ROOT / "server/api/static"
ORIGIN = "https://app.example"


@pytest.fixture
def client(sqlite_app):
    return sqlite_app.test_client()


@pytest.mark.parametrize("path", ["/docs", "/docs/member", "/docs/partner"])
def test_the_reference_loads_nothing_from_elsewhere_and_runs_no_inline_code(client, path):
    page = client.get(path)
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    sources = re.findall(r'(?:src|href|data-document)="([^"]+)"', page.text)
    assert len(sources) > 5
    for source in sources:
        assert source.startswith("/")
        assert client.get(source).status_code == 200
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on[a-z]+=", page.text)


@pytest.mark.parametrize("path", ["/docs/nothing", "/docs/errors/nothing", "/openapi/nothing.json"])
def test_a_page_that_does_not_exist_is_a_problem(client, path):
    assert client.get(path).get_json()["code"] == "not_found"


def test_every_code_has_a_page(client):
    listed = client.get("/docs/errors").text
    assert "idempotency_key_reused" in listed
    page = client.get("/docs/errors/balance_insufficient")
    assert page.status_code == 200
    assert "You do not have enough for this yet: … are missing." in page.text


def test_pages_about_codes_show_code_as_code_and_name_the_languages(client):
    for code in re.findall(r'href="/docs/errors/(\w+)"', client.get("/docs/errors").text):
        assert "`" not in client.get(f"/docs/errors/{code}").text
    page = client.get("/docs/errors/card_blocked").text
    assert "<code>params.state</code>" in page
    for language, locale in (("English", "en"), ("Russian", "ru"), ("Estonian", "et")):
        assert f'{language}: <span lang="{locale}">' in page


@pytest.mark.parametrize("path", ["/", "/docs/"])
def test_whoever_types_the_bare_address_is_led_to_the_reference(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (302, "/docs")
    assert client.get(path, follow_redirects=True).request.path == "/docs"


def test_the_document_is_served_as_published(client):
    served = client.get("/openapi/member.json").json
    assert served["openapi"] == "3.1.0"
    assert "/v1/me" in served["paths"]


def test_vendored_files_are_those_of_the_manifest():
    for folder in (STATIC / "vendor").iterdir():
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        files = {path for path in folder.iterdir() if path.name != "manifest.json"}
        sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        assert sums == manifest["sha256"]
        assert "LICENSE" in sums
    assert (STATIC / SWAGGER / "swagger-ui-bundle.js").exists()


def test_the_process_is_healthy_and_ready(app):
    client = app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {
        "status": "ready",
        "checks": {"database": "ok", "redis": "none", "secret": "missing", "nights": "ok"},
    }


def test_it_is_not_ready_with_another_schema(app):
    with app.app_context(), transaction() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["checks"]["database"] == "schema_outdated"


def test_it_is_not_ready_without_a_database():
    with running_app("postgresql+psycopg://nobody@127.0.0.1:1/none") as app:
        client = app.test_client()
        assert client.get("/readyz").get_json()["checks"]["database"] == "unreachable"
        assert client.get("/healthz").status_code == 200
        answer = client.get("/v1/me", headers={"Authorization": "Bearer x"})
        assert answer.status_code in {401, 503}


def test_a_database_that_is_away_is_told_as_unavailable():
    with running_app("postgresql+psycopg://nobody@127.0.0.1:1/none") as app:
        answer = hang_bell(app).test_client().get("/v1/bells/b", headers=ANA)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "upstream_unavailable")
    assert answer.get_json()["retryable"] is True


def test_a_configured_redis_is_looked_at(sqlite_database, redis_url):
    with running_app(sqlite_database, REDIS_URL=redis_url) as app:
        assert app.test_client().get("/readyz").get_json()["checks"]["redis"] == "ok"
    with running_app(sqlite_database, REDIS_URL="redis://127.0.0.1:1") as app:
        answer = app.test_client().get("/readyz")
        assert (answer.status_code, answer.get_json()["checks"]["redis"]) == (200, "unreachable")


def test_metrics_name_operations_and_never_paths(sqlite_bell_app):
    client = sqlite_bell_app.test_client()
    client.get("/v1/bells/none", headers=ANA)
    client.get("/v1/secret-path", headers=ANA)
    metrics = client.get("/metrics").text
    assert 'fairstar_request_seconds_count{operation="getBell",status="4xx"}' in metrics
    assert 'fairstar_refusals_total{code="not_found"}' in metrics
    assert "secret-path" not in metrics


def test_metrics_are_for_this_machine_only(client):
    answer = client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden")


def test_metrics_are_for_whoever_has_the_token(sqlite_database):
    with running_app(sqlite_database, METRICS_TOKEN="open sesame") as app:
        client = app.test_client()
        assert client.get("/metrics").status_code == 403
        wrong = client.get("/metrics", headers={"Authorization": "Bearer sesam"})
        assert wrong.status_code == 403
        right = client.get("/metrics", headers={"Authorization": "Bearer open sesame"})
        assert right.status_code == 200


@pytest.fixture
def web(sqlite_database):
    with running_app(sqlite_database, ALLOWED_ORIGINS=ORIGIN) as app:
        yield hang_bell(app).test_client()


def preflight(client, path, origin=ORIGIN, method="POST"):
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return client.options(path, headers=asked)


def test_an_allowed_origin_may_call_the_member_api(web):
    answer = preflight(web, "/v1/auth/sessions")
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]
    read = web.get("/v1/bells/b", headers=ANA | {"Origin": ORIGIN})
    assert read.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "ETag" in read.headers["Access-Control-Expose-Headers"]
    assert "Origin" in read.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_another_origin_may_not(web, origin):
    answer = preflight(web, "/v1/auth/sessions", origin)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "origin_not_allowed")
    read = web.get("/v1/bells/b", headers=ANA | {"Origin": origin})
    assert "Access-Control-Allow-Origin" not in read.headers


def test_no_web_page_may_call_the_partner_api(web):
    answer = preflight(web, "/v1/partner/members")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "origin_not_allowed")


def test_browsers_find_the_star(client):
    for path in ("/favicon.ico", "/docs/static/star.svg"):
        icon = client.get(path)
        assert (icon.status_code, icon.mimetype) == (200, "image/svg+xml")
        assert b"<svg" in icon.data
    assert 'rel="icon"' in client.get("/docs").text
