"""Which web pages may call the API: allow-listed origins, member surface only."""

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from server.api.principals import OriginNotAllowed
from server.api.surface import Surface
from server.core.installation import installation

ALLOWED_HEADERS = (
    "Authorization, Content-Type, Accept-Language, If-None-Match, Idempotency-Key, X-Request-Id"
)
EXPOSED_HEADERS = (
    "ETag, X-Request-Id, X-Contract-Version, RateLimit, RateLimit-Policy, Retry-After,"
    " Content-Language, Idempotent-Replayed"
)
MAX_AGE_SECONDS = 600


def install_cors(app: Flask, surfaces: tuple[Surface, ...]) -> None:
    """Answer preflights and mark the replies of the surfaces that web pages may call."""
    open_prefixes = tuple(f"{surface.name}." for surface in surfaces if surface.web_origins)

    def preflight() -> Response | None:
        wanted = request.headers.get("Access-Control-Request-Method")
        if request.method != "OPTIONS" or wanted is None:
            return None
        if not _endpoint(wanted).startswith(open_prefixes) or not _is_allowed_origin():
            raise OriginNotAllowed("Ask the operator to add the origin to the allowed ones.")
        return _preflight_response(wanted)

    def mark(response: Response) -> Response:
        if (request.endpoint or "").startswith(open_prefixes) and "Origin" in request.headers:
            response.vary.add("Origin")
            if _is_allowed_origin():
                response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
                response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        return response

    if open_prefixes:
        app.before_request(preflight)
        app.after_request(mark)


def _endpoint(method: str) -> str:
    """Return the name of the endpoint that the announced request will reach, or an empty text."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        return str(adapter.match(method=method)[0])
    except HTTPException:
        return ""


def _is_allowed_origin() -> bool:
    settings = installation().settings
    origin = request.headers.get("Origin", "")
    return origin in settings.allowed_origins or origin == settings.base_url


def _preflight_response(method: str) -> Response:
    response = Response(status=204)
    response.headers.update(
        {
            "Access-Control-Allow-Origin": request.headers["Origin"],
            "Access-Control-Allow-Methods": method,
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": str(MAX_AGE_SECONDS),
            "Vary": "Origin, Access-Control-Request-Method",
        }
    )
    return response
