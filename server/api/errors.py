"""Refusals of the frame, and how every refusal becomes an RFC 9457 problem document."""

from typing import Any

from server.api.user_messages import user_message
from server.core.errors import NotFound, Refusal, ValidationFailed

PROBLEM = "application/problem+json"


class MalformedJson(Refusal):
    """The body is not JSON, or nested beyond reason."""

    code, status, title, stored = "malformed_json", 400, "The body is not valid JSON", False


class UnsupportedMediaType(Refusal):
    """The body is not application/json in UTF-8."""

    code, status, title = "unsupported_media_type", 415, "Unsupported media type"
    stored = False


class BadRequest(Refusal):
    """The HTTP request itself cannot be understood."""

    code, status, title, stored = "bad_request", 400, "Bad request", False


class PayloadTooLarge(Refusal):
    """The body is larger than 1 MiB."""

    code, status, title, stored = "payload_too_large", 413, "The body is too large", False


class MethodNotAllowed(Refusal):
    """The address exists and does not know this method; see the Allow header."""

    code, status, title, stored = "method_not_allowed", 405, "Method not allowed", False


class RequestInProgress(Refusal):
    """A request with the same key, or on the same wallet, is still running; try the key again."""

    code, status, title = "request_in_progress", 409, "A request with this key is still running"
    retryable, stored = True, False


class Busy(Refusal):
    """What the request needs was locked for too long; try again."""

    code, status, title = "busy", 503, "Busy, please try again"
    retryable, stored = True, False


class Unavailable(Refusal):
    """The database or another server that is needed does not answer; try again."""

    code, status, title = "upstream_unavailable", 503, "Temporarily unavailable"
    retryable, stored = True, False


class Internal(Refusal):
    """An error of ours; the request id finds it in the log. The same key may be sent again."""

    code, status, title = "internal", 500, "Internal error"
    retryable, stored = True, False


FRAMEWORK: dict[int, type[Refusal]] = {
    400: BadRequest,
    404: NotFound,
    405: MethodNotAllowed,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
}
"""The refusals that stand for the web framework's own errors, by status."""


def problem_of(refusal: Refusal, *, locale: str, request_id: str, base_url: str) -> dict[str, Any]:
    """Return the problem document of a refusal."""
    return {
        "type": f"{base_url}/docs/errors/{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "user_message": user_message(refusal, locale),
        "params": refusal.params,
        "errors": refusal.errors if isinstance(refusal, ValidationFailed) else [],
        "request_id": request_id,
        "retryable": refusal.retryable,
    }
