"""Building responses: bytes once, entity tags, and the headers that every reply carries."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response, request

from server.api.errors import PROBLEM, problem_of
from server.api.visit import Visit, visit
from server.core.errors import Refusal
from server.core.installation import installation

CONTRACT_VERSION = "1.0.0"
JSON = "application/json"
RETRY_AFTER_SECONDS = 1


def dump(body: Mapping[str, Any] | None) -> bytes:
    """Return a body as JSON; aware instants are written in UTC with `Z`."""
    return b"" if body is None else orjson.dumps(body, option=orjson.OPT_UTC_Z)


def json_response(body: bytes, status: int) -> Response:
    """Return a response of JSON bytes; those of a refusal are a problem document."""
    return Response(body, status, content_type=PROBLEM if status >= 400 else JSON)


def problem_bytes(refusal: Refusal) -> bytes:
    """Return the problem document of `refusal` for the current request."""
    here = visit()
    base_url = installation().settings.base_url
    return dump(
        problem_of(refusal, locale=here.locale, request_id=here.request_id, base_url=base_url)
    )


def problem_response(refusal: Refusal) -> Response:
    """Return the response to a refusal, with the headers that its status asks for."""
    here = visit()
    here.code = refusal.code
    response = json_response(problem_bytes(refusal), refusal.status)
    response.headers["Cache-Control"] = "no-store"
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if refusal.status == 429 and here.standing is not None:
        response.headers["Retry-After"] = str(here.standing.reset)
    elif refusal.retryable and refusal.status in {409, 503}:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def entity_tag(content: bytes, locale: str) -> str:
    """Return the strong entity tag of a content in a language, with its quotes."""
    digest = hashlib.blake2b(content, digest_size=12, key=locale.encode())
    return f'"{digest.hexdigest()}"'


def is_known(tag: str) -> bool:
    """Tell whether the client says that it has the entity with this tag already.

    Tags are compared weakly (RFC 9110, 13.1.2): caches that compress mark them with `W/`.
    """
    header = request.headers.get("If-None-Match")
    if header is None or header == tag:
        return header is not None
    named = {part.strip().removeprefix("W/") for part in header.split(",")}
    return tag in named or header.strip() == "*"


def cacheable(response: Response, tag: str) -> Response:
    """Give a read its tag and tell caches to ask each time."""
    response.headers.add("ETag", tag)
    response.headers.add("Cache-Control", "private, no-cache")
    response.headers.add("Vary", "Authorization, Accept-Language")
    return response


def stamp(response: Response, here: Visit) -> None:
    """Add the headers that every reply of the API carries."""
    add = response.headers.add  # nothing below is there before: setting would search in vain
    add("X-Request-Id", here.request_id)
    add("X-Contract-Version", CONTRACT_VERSION)
    add("Content-Language", here.locale)
    if here.standing is not None:
        policy, standing = here.standing.policy, here.standing
        add("RateLimit-Policy", f'"{policy}";q={standing.quota};w={standing.window}')
        add("RateLimit", f'"{policy}";r={standing.remaining};t={standing.reset}')
