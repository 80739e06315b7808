"""Carrying out a request: limit, principal, input, transaction, answer; in this order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Response, request
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.api.endpoint import Call, Endpoint, Reply
from server.api.errors import BadRequest, Busy, RequestInProgress, Unavailable
from server.api.payloads import check_path, load, read_json, read_query
from server.api.principals import NOBODY, Principal, require_scope
from server.api.replies import (
    cacheable,
    dump,
    entity_tag,
    is_known,
    json_response,
    problem_bytes,
)
from server.api.visit import Visit, visit
from server.core import clock
from server.core.db import is_lock_timeout, is_lost_race, is_retryable, reading, transaction
from server.core.errors import Refusal
from server.core.idempotency import (
    Answer,
    IdempotencyKeyRequired,
    KeyedRequest,
    answer_once,
    checked_key,
    keyed_request,
)
from server.core.installation import installation
from server.core.metrics import RERUNS
from server.core.rate_limits import RateLimited

RERUNS_MAX = 3
PUBLIC_BODY_BYTES_MAX = 16 * 1024
DRY_RUN = "Loyalty-Dry-Run"
log = structlog.get_logger(__name__)


class DryRun(Exception):  # noqa: N818 - not an error: it rolls a good answer back
    """Carries the reply of a dry run out of the transaction that must not commit."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


def view_of(endpoint: Endpoint) -> Callable[..., Response]:
    """Return the function that Flask calls for `endpoint`."""

    def view(**path: str) -> Response:
        return _serve(endpoint, path)

    return view


def _serve(endpoint: Endpoint, path: dict[str, str]) -> Response:
    here = visit()
    here.operation = endpoint.operation_id
    check_path(path)
    now = clock.now()
    try:
        with reading() as connection:
            principal = _admit(endpoint, connection, here, now)
            call, content = _call(endpoint, connection, principal, now)
            if endpoint.method == "GET":
                return _read(endpoint, call, path)
            if endpoint.reads:
                return _response(endpoint.view(call, **path))
            return _write(endpoint, call, path, content)
    except DBAPIError as error:
        raise _refusal_of(error) from error
    except PoolTimeout as error:
        raise Busy from error


def _admit(endpoint: Endpoint, connection: Connection, here: Visit, now: datetime) -> Principal:
    """Authenticate, count the request against its limit, and check the scope."""
    if endpoint.public:
        _count(here, "public", request.remote_addr or "unknown")
        return NOBODY
    try:
        principal = endpoint.surface.authenticate(connection, request, now)
    except Refusal:
        _count(here, "public", request.remote_addr or "unknown")
        _count_later(here)
        raise
    here.principal, here.chosen = principal.name, principal.locale
    _count(here, endpoint.surface.name, principal.id)
    require_scope(principal, endpoint.scope)
    return principal


def _count(here: Visit, policy: str, caller: str) -> None:
    """Count the request; a conditional read is only looked at now, a 304 costs nothing."""
    limits = installation().limits
    conditional = request.method in {"GET", "HEAD"} and "If-None-Match" in request.headers
    here.standing = (limits.look if conditional else limits.hit)(policy, caller)
    here.uncounted = (policy, caller) if conditional else None
    if not here.standing.allowed:
        limit = f"{here.standing.quota} requests in {here.standing.window} seconds"
        raise RateLimited(f"The limit is {limit}.", retry_after_seconds=here.standing.reset)


def _count_later(here: Visit) -> None:
    """Count a conditional read that had to be answered in full after all."""
    if here.uncounted is not None:
        here.standing = installation().limits.hit(*here.uncounted)


def _call(
    endpoint: Endpoint, connection: Connection, principal: Principal, now: datetime
) -> tuple[Call, dict[str, Any]]:
    """Read the input; return the call and the body as it was sent."""
    here, held = visit(), installation()
    content = _content(endpoint)
    call = Call(
        tx=connection,
        now=now,
        principal=principal,
        locale=here.locale,
        body=load(endpoint.body, content),
        query=read_query(endpoint.query, request, lenient=endpoint.surface.lenient_query),
        settings=held.settings,
        vault=held.vault,
        request_id=here.request_id,
    )
    return call, content


def _content(endpoint: Endpoint) -> dict[str, Any]:
    """Return the body as it was sent; where nothing is required, nothing need be sent.

    Whoever has not said who they are may send little.
    """
    if endpoint.body is None:
        return {}
    if endpoint.public:
        request.max_content_length = PUBLIC_BODY_BYTES_MAX
    needs_something = any(field.required for field in endpoint.body.fields.values())
    return read_json(request, may_be_empty=not needs_something)


def _read(endpoint: Endpoint, call: Call, path: dict[str, str]) -> Response:
    """Answer a GET, with 304 when the client has the same entity already."""
    tag = entity_tag(endpoint.tag(call).encode(), call.locale) if endpoint.tag else None
    if tag is not None and is_known(tag):
        return cacheable(Response(status=304), tag)
    try:
        reply = endpoint.view(call, **path)
    except Refusal:
        _count_later(visit())
        raise
    if reply.tag is not None:
        tag = entity_tag(reply.tag.encode(), call.locale)
        if is_known(tag):
            return cacheable(Response(status=304), tag)
    body = dump(reply.content)
    tag = tag or entity_tag(body, call.locale)
    if reply.status == 200 and is_known(tag):
        return cacheable(Response(status=304), tag)
    _count_later(visit())
    response = json_response(body, reply.status)
    response.headers.update(reply.headers)
    return cacheable(response, tag) if reply.status == 200 else response


def _write(
    endpoint: Endpoint, call: Call, path: dict[str, str], content: dict[str, Any]
) -> Response:
    """Answer any other method in one transaction, run again after a deadlock or a lost race."""
    write = _writer(endpoint, call, path, content)
    for _ in range(RERUNS_MAX):
        try:
            return write()
        except DBAPIError as error:
            if not is_retryable(error) and not is_lost_race(error):
                raise
            RERUNS.inc()
    return write()


def _writer(
    endpoint: Endpoint, call: Call, path: dict[str, str], content: dict[str, Any]
) -> Callable[[], Response]:
    """Choose how to write: for trial, once for a key, or simply."""

    def run(tx: Connection) -> Reply:
        call.tx = tx
        return endpoint.view(call, **path)

    trial = request.headers.get(DRY_RUN) if endpoint.dry_run else None
    if trial not in (None, "1"):
        raise BadRequest(f"{DRY_RUN} can only be 1.")
    if trial:
        return lambda: _try_out(call.tx, run)
    keyed = _keyed(endpoint, call, {"path": path, "body": content})
    if keyed is None:
        return lambda: _simply(call.tx, run)
    call.key = keyed.key
    return lambda: _once(call.tx, keyed, run)


def _keyed(endpoint: Endpoint, call: Call, content: dict[str, Any]) -> KeyedRequest | None:
    """Return the request under its idempotency key, or None when there is none.

    Raises IdempotencyKeyRequired and IdempotencyKeyInvalid.
    """
    header = request.headers.get("Idempotency-Key")
    if endpoint.idempotency == "none":
        return None
    if header is None:
        if endpoint.idempotency == "required":
            raise IdempotencyKeyRequired("Send the header Idempotency-Key; repeat it on retries.")
        return None
    days = (
        call.settings.idempotency_days_member
        if call.principal.kind == "member"
        else call.settings.idempotency_days_partner
    )
    who = (call.principal.name, endpoint.operation_id)
    keyed = keyed_request(who, checked_key(header), content, call.now, timedelta(days=days))
    return replace(keyed, vault=call.vault) if endpoint.personal else keyed


def _simply(connection: Connection, run: Callable[[Connection], Reply]) -> Response:
    with transaction(connection) as tx:
        reply = run(tx)
    return _response(reply)


def _try_out(connection: Connection, run: Callable[[Connection], Reply]) -> Response:
    """Run a write for its answer only; nothing of it stays."""
    try:
        with transaction(connection) as tx:
            raise DryRun(run(tx))
    except DryRun as dry:
        response = _response(dry.reply)
        response.headers[DRY_RUN] = "1"
        return response


def _once(
    connection: Connection, keyed: KeyedRequest, run: Callable[[Connection], Reply]
) -> Response:
    """Run a write once for its key, or replay what was answered."""
    headers: dict[str, str] = {}

    def work(tx: Connection) -> Answer:
        reply = run(tx)
        headers.update(reply.headers)
        return Answer(reply.status, dump(reply.content))

    def refused(refusal: Refusal) -> Answer:
        visit().code = refusal.code
        return Answer(refusal.status, problem_bytes(refusal))

    answer = answer_once(connection, keyed, work, refused)
    response = json_response(answer.body, answer.status)
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    else:
        response.headers.update(headers)
    return response


def _response(reply: Reply) -> Response:
    response = json_response(dump(reply.content), reply.status)
    response.headers.update(reply.headers)
    return response


def _refusal_of(error: DBAPIError) -> Refusal | DBAPIError:
    """Return the refusal that an error of the database means, or the error itself: a bug."""
    if is_lock_timeout(error):
        return RequestInProgress() if "Idempotency-Key" in request.headers else Busy()
    if is_retryable(error):
        return Busy()
    if error.connection_invalidated or isinstance(error, OperationalError):
        log.error("database.unavailable", error=type(error.orig).__name__)
        return Unavailable()
    return error
