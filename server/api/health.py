"""Is it alive, is it ready, how does it do: /healthz, /readyz and /metrics."""

import hmac
from contextlib import suppress
from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask, Response, current_app, request
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from server.api.principals import Forbidden
from server.api.replies import dump, json_response
from server.api.visit import visit
from server.core import clock
from server.core.db import reading, transaction
from server.core.installation import installation
from server.core.metrics import exposition
from server.core.redis import redis_at
from server.core.secret_mark import MarkState, mark_state
from server.gamification.invariants.seals import adopt_secret
from server.gamification.nights.errors import NightsMissed
from server.gamification.nights.service import check_clock

LOOPBACK = frozenset({"127.0.0.1", "::1"})
_REVISION = text("SELECT version_num FROM alembic_version")


def register(app: Flask) -> None:
    """Add the three addresses to `app`."""
    app.add_url_rule("/healthz", "healthz", _healthz)
    app.add_url_rule("/readyz", "readyz", _readyz)
    app.add_url_rule("/metrics", "metrics", _metrics)


def _healthz() -> Response:
    """The process answers; nothing else is asked."""
    visit().operation = "healthz"
    return json_response(dump({"status": "ok"}), 200)


def _readyz() -> Response:
    """The database is there with the schema of this release and is of this secret; and Redis.

    Missed nights are told here, where operators look, and keep nobody from buying.
    """
    visit().operation = "readyz"
    checks = {"database": _database(), "redis": _redis(), "secret": "unknown", "nights": "unknown"}
    if checks["database"] == "ok":
        checks |= {"secret": _secret(), "nights": _nights()}
    ready = checks["database"] == "ok" and checks["secret"] != MarkState.OTHER
    body = {"status": "ready" if ready else "not_ready", "checks": checks}
    return Response(dump(body), 200 if ready else 503, content_type="application/json")


def _database() -> str:
    try:
        with reading() as tx:
            revision = tx.execute(_REVISION).scalar()
    except SQLAlchemyError as error:
        return "unreachable" if "alembic_version" not in str(error) else "schema_missing"
    return "ok" if revision == newest_revision() else "schema_outdated"


def _secret() -> str:
    """Whether the secret is the one of the database: same, changed, other, missing (no mark)."""
    with reading() as tx:
        return mark_state(tx, installation().vault)


def adopt_at_start() -> None:
    """Mark the database as one of this secret. A database that is away is for /readyz to tell.

    Raises SecretDiffers.
    """
    with suppress(OperationalError), transaction() as tx:
        adopt_secret(tx, installation().vault, clock.now())


def _nights() -> str:
    """Whether so many nights are missing that workers wait for a person: ok or missing."""
    try:
        with reading() as tx:
            check_clock(tx, clock.now())
    except NightsMissed:
        return "missing"
    return "ok"


@cache
def newest_revision() -> str | None:
    """Return the newest migration of this release."""
    config = Config()
    config.set_main_option("script_location", current_app.extensions["migrate"].directory)
    return ScriptDirectory.from_config(config).get_current_head()


def _redis() -> str:
    """Redis is never needed to answer, so its absence is told and does not make us unready."""
    url = installation().settings.redis_url
    if url is None:
        return "none"
    try:
        redis_at(url).ping()
    except RedisError:
        return "unreachable"
    return "ok"


def _metrics() -> Response:
    """The metrics, for whoever has the token, or for this machine while in development."""
    visit().operation = "metrics"
    token = installation().settings.metrics_token
    if token is None:
        # Behind a proxy everybody may seem to come from this machine.
        allowed = request.remote_addr in LOOPBACK and not installation().settings.production
    else:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
        allowed = hmac.compare_digest(sent.encode(), token.encode())
    if not allowed:
        raise Forbidden("Send the metrics token as a bearer token.")
    return Response(exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")
