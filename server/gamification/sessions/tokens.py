"""Access tokens: short-lived JWTs (HS256), signed with a key derived for this purpose alone."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt

from server.core.crypto import Vault
from server.gamification.sessions.rules import ACCESS_MINUTES

AUDIENCE = "fairstar/member"
ALGORITHM = "HS256"
_PURPOSE = "access-token"
_CLAIMS = ["iss", "aud", "sub", "sid", "iat", "exp"]
_OPTIONS: Any = {
    "require": _CLAIMS,
    "verify_exp": False,  # compared with the request's own instant instead of the machine's clock
    "verify_iat": False,
    "verify_nbf": False,
}


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: the installation's keys and its public address."""

    vault: Vault
    url: str


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a genuine access token says. Compare `expires_at` with the request's instant."""

    member_id: str
    session_id: str
    expires_at: datetime


def issue_access_token(
    issuer: Issuer, session_id: str, member_id: str, now: datetime
) -> tuple[str, datetime]:
    """Return an access token for a session and the instant it ends."""
    expires_at = (now + timedelta(minutes=ACCESS_MINUTES)).replace(microsecond=0)
    key = issuer.vault.key(_PURPOSE)
    claims = {
        "iss": issuer.url,
        "aud": AUDIENCE,
        "sub": member_id,
        "sid": session_id,
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
    }
    return jwt.encode(claims, key, ALGORITHM, headers={"kid": _key_id(key)}), expires_at


@lru_cache(maxsize=4096)
def read_access_token(issuer: Issuer, token: str) -> AccessClaims | None:
    """Return the claims of a token that we signed, expired or not; None for any other text.

    An app sends the same token for twenty minutes, so what was verified is remembered: the
    answer depends on nothing but the arguments. Whether the session still lives is asked anew.
    """
    try:
        key = _signing_key(issuer.vault, token)
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=issuer.url,
            options=_OPTIONS,
        )
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        return AccessClaims(str(claims["sub"]), str(claims["sid"]), expires_at)
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        return None


def _signing_key(vault: Vault, token: str) -> bytes:
    """Return the key that the token names, the current one when it names none of ours."""
    key_id = jwt.get_unverified_header(token).get("kid")
    keys = vault.keys(_PURPOSE)
    return next((key for key in keys if _key_id(key) == key_id), keys[0])


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"kid" + key).hexdigest()[:12]
