"""The refusals that an endpoint may give without naming them: those of the frame."""

from collections.abc import Iterator

from server.api.endpoint import Endpoint
from server.api.errors import (
    BadRequest,
    Busy,
    Internal,
    MalformedJson,
    PayloadTooLarge,
    RequestInProgress,
    Unavailable,
    UnsupportedMediaType,
)
from server.api.principals import ScopeMissing
from server.core.errors import NotFound, Refusal, ValidationFailed
from server.core.idempotency import (
    IdempotencyKeyInvalid,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
)
from server.core.rate_limits import RateLimited


def implied_refusals(endpoint: Endpoint) -> Iterator[type[Refusal]]:
    """Yield the refusals that the frame itself may give for `endpoint`."""
    yield from (BadRequest, RateLimited, Internal, Busy, Unavailable)
    if not endpoint.public:
        yield from endpoint.surface.auth_refuses
    if endpoint.scope is not None:
        yield ScopeMissing
    if "{" in endpoint.rule:
        yield NotFound
    if endpoint.body is not None:
        yield from (MalformedJson, UnsupportedMediaType, PayloadTooLarge)
    if (
        endpoint.body is not None
        or endpoint.query is not None
        or not endpoint.surface.lenient_query
    ):
        yield ValidationFailed
    if endpoint.idempotency != "none":
        yield from (IdempotencyKeyInvalid, IdempotencyKeyReused, RequestInProgress)
    if endpoint.idempotency == "required":
        yield IdempotencyKeyRequired
