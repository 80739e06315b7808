"""Who is calling: principals, bearer tokens and the refusals of authentication.

A surface registers one authenticator, `(tx, request, now) -> Principal`. It reads everything in
one statement: the credential, the status of its owner and the programme's revision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from flask import Request

from server.core.errors import Refusal

TOKEN_LENGTH_MAX = 4096


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller.

    `kind` is "member", "partner" or "device"; `id` its id; `mode` "live" or "test"; `locale` the
    language the caller has chosen, used when a request names none; `extra` what the
    authenticator read besides (session id, location id, member status ...).
    """

    kind: str
    id: str
    scopes: frozenset[str] = frozenset()
    mode: str = "live"
    revision: str = ""
    locale: str | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """The principal as one text, for records and logs: `member:mem_...`."""
        return f"{self.kind}:{self.id}"


NOBODY = Principal("public", "")
"""The principal of requests to public endpoints."""


class TokenMissing(Refusal):
    """No credential was sent, or not as `Authorization: Bearer`."""

    code, status, title = "token_missing", 401, "Sign-in needed"


class TokenInvalid(Refusal):
    """The access token is not one of ours, or its session has ended."""

    code, status, title = "token_invalid", 401, "The access token is not valid"


class TokenExpired(Refusal):
    """The access token was good and is too old: refresh it."""

    code, status, title = "token_expired", 401, "The access token has expired"


class KeyInvalid(Refusal):
    """The API key is unknown, revoked or past its date."""

    code, status, title = "app_key_invalid", 401, "The key is not valid"


class DeviceRevoked(Refusal):
    """The till's key was good and its device has been revoked."""

    code, status, title = "device_revoked", 401, "This device has been revoked"


class ScopeMissing(Refusal):
    """The key is good and may not do this; `params.scope` names what it lacks."""

    code, status, title = "scope_missing", 403, "The key may not do this"


class Forbidden(Refusal):
    """The caller is known and may not do this."""

    code, status, title = "forbidden", 403, "Not allowed"


class OriginNotAllowed(Refusal):
    """A web page of an origin that is not on the list asks for the member API."""

    code, status, title = "origin_not_allowed", 403, "This origin is not allowed"


AUTHENTICATION = (TokenMissing, TokenInvalid, TokenExpired, KeyInvalid, DeviceRevoked)


def bearer_token(request: Request) -> str:
    """Return the token of the Authorization header. Raises TokenMissing."""
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise TokenMissing("Send the header Authorization: Bearer followed by the token.")
    if len(token) > TOKEN_LENGTH_MAX or not token.isascii():
        raise TokenInvalid("The token does not have the form of one of ours.")
    return token


def require_scope(principal: Principal, scope: str | None) -> None:
    """Raise ScopeMissing when `scope` is needed and the principal does not have it."""
    if scope is not None and scope not in principal.scopes:
        raise ScopeMissing(f"This operation needs the scope {scope}.", scope=scope)
