"""The frame around every request: ids, headers, logs, metrics, and errors as problems."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.exceptions import HTTPException

from server.api.errors import FRAMEWORK, Internal
from server.api.replies import problem_response, stamp
from server.api.visit import Visit, visit
from server.core.errors import Refusal
from server.core.metrics import REFUSALS, request_timer

log = structlog.get_logger("server.request")
API_PREFIX = "/v1/"
QUIET_OPERATIONS = frozenset({"healthz", "readyz", "metrics"})
CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
SECURITY = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class Sessions(SecureCookieSessionInterface):
    """Cookies belong to pages: requests of the API neither read nor write any."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of the cookie, or None (an empty one that stays so) for the API."""
        return None if request.path.startswith(API_PREFIX) else super().open_session(app, request)


class Application(Flask):
    """Flask without what only asynchronous views need: six looks at functions in every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none of ours is asynchronous."""
        return func


def install_frame(app: Flask) -> None:
    """Hang the frame around every request of `app`."""
    app.session_interface = Sessions()
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(Refusal, problem_response)
    app.register_error_handler(HTTPException, _framework_error)
    app.register_error_handler(Exception, _unexpected)


def _begin() -> None:
    clear_contextvars()
    bind_contextvars(request_id=visit().request_id)


def _finish(response: Response) -> Response:
    here = visit()
    stamp(response, here)
    headers = response.headers
    for name, value in SECURITY:
        headers.add(name, value)
    if "Content-Security-Policy" not in headers:
        headers.add("Content-Security-Policy", CSP)
    _record(here, response)
    return response


def _record(here: Visit, response: Response) -> None:
    """Measure and log a finished request."""
    seconds = time.perf_counter() - here.started
    status = response.status_code
    request_timer(here.operation, f"{status // 100}xx").observe(seconds)
    if here.code is not None:
        REFUSALS.labels(here.code).inc()
    if here.operation in QUIET_OPERATIONS:
        return
    log.info(
        "request",
        operation=here.operation,
        method=request.method,
        status=status,
        ms=round(seconds * 1000, 1),
        principal=here.principal or None,
        code=here.code,
    )


def _framework_error(error: HTTPException) -> ResponseReturnValue:
    """Turn an error of the web framework into a problem; redirects pass as they are."""
    if error.code is not None and error.code < 400:
        return error
    refusal = FRAMEWORK.get(error.code or 500, Internal)
    response = problem_response(refusal())
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _unexpected(error: Exception) -> Response:
    """Log an error of ours with its traceback and tell the client nothing about it."""
    log.error("request.failed", operation=visit().operation, exc_info=error)
    return problem_response(Internal("An unexpected error; the request id finds it in the log."))
