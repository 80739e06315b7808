"""Partner assertions: a shop's backend vouches for a customer it has signed in itself.

An assertion is a JWT with `iss` (the partner's id), `sub` (the customer's id there), `aud` (this
installation's address), `exp` and `jti`. The partner's registered key decides the algorithm; the
token's own header never does.
"""

from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import Connection, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError

from server.core.crypto import Vault
from server.core.errors import NotFound
from server.core.i18n import LOCALES
from server.core.ids import is_id
from server.gamification.partners.errors import (
    AssertionInvalid,
    AssertionReplayed,
    SigningKeyInvalid,
)
from server.gamification.partners.models import USED_ASSERTION
from server.gamification.partners.queries import get_partner
from server.gamification.partners.rules import check_assertion_claims
from server.gamification.partners.types import AssertedCustomer

_RSA_BITS_MIN = 2048
_USE = insert(USED_ASSERTION)
_USED = select(USED_ASSERTION.c.jti).where(
    USED_ASSERTION.c.partner_id == bindparam("partner_id"), USED_ASSERTION.c.jti == bindparam("jti")
)
_FORGET = delete(USED_ASSERTION).where(USED_ASSERTION.c.expires_at < bindparam("before"))
_OPTIONS: Any = {
    "require": ["iss", "sub", "aud", "exp", "jti"],
    "verify_exp": False,  # compared with the request's own instant by the rules
    "verify_iat": False,
    "verify_nbf": False,
    "verify_sub": False,
    "verify_jti": False,
}


def accept_assertion(
    tx: Connection, vault: Vault, token: str, audience: str, now: datetime
) -> AssertedCustomer:
    """Return the customer that a partner vouches for; each assertion is accepted once.

    Raises AssertionInvalid and AssertionReplayed.
    """
    claims = _verified_claims(tx, vault, token, audience)
    expires_at = check_assertion_claims(claims, now)
    partner_id, jti = str(claims["iss"]), claims["jti"]
    _use_once(tx, partner_id, jti, expires_at)
    return AssertedCustomer(
        partner_id=partner_id,
        external_id=claims["sub"],
        first_name=_text(claims.get("given_name")),
        last_name=_text(claims.get("family_name")),
        locale=_language(claims.get("locale")),
    )


def _verified_claims(tx: Connection, vault: Vault, token: str, audience: str) -> dict[str, Any]:
    try:
        unverified = jwt.decode(token, options={"verify_signature": False})
        issuer = str(unverified.get("iss"))
        if not is_id(issuer, "par"):
            raise AssertionInvalid("The claim iss must be the id of a partner.")
        partner = get_partner(tx, issuer)
        key, algorithms = _key_of(vault, partner)
        return jwt.decode(token, key, algorithms=algorithms, audience=audience, options=_OPTIONS)
    except (jwt.InvalidTokenError, NotFound, ValueError, TypeError) as error:
        raise AssertionInvalid(f"The assertion cannot be verified: {error}") from error


def _key_of(vault: Vault, partner: Any) -> tuple[Any, list[str]]:
    """Return the registered key of a partner and the only algorithm it verifies."""
    if partner.assertion_key is not None:
        return partner.assertion_key, [_algorithm_of(partner.assertion_key)]
    if partner.assertion_secret_sealed is None:
        raise AssertionInvalid("The partner has no signing key.")
    return vault.open(partner.assertion_secret_sealed, context_of(partner.id)), ["HS256"]


def check_public_key(pem: str) -> str:
    """Return a PEM public key that can verify assertions. Raises SigningKeyInvalid."""
    _algorithm_of(pem)
    return pem


def _algorithm_of(pem: str) -> str:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SigningKeyInvalid("Not a public key in PEM form.") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS_MIN:
        return "RS256"
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return "ES256"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "EdDSA"
    raise SigningKeyInvalid("Use RSA with 2048 bits or more, P-256 or Ed25519.")


def seal_secret(vault: Vault, partner_id: str, secret: str) -> str:
    """Return a partner's shared secret as it is stored."""
    return vault.seal(secret, context_of(partner_id))


def context_of(partner_id: str) -> str:
    """Return the context that binds a sealed secret to its partner."""
    return f"partner_assertion:{partner_id}"


def _use_once(tx: Connection, partner_id: str, jti: str, expires_at: datetime) -> None:
    used = {"partner_id": partner_id, "jti": jti}
    if tx.execute(_USED, used).first() is not None:
        raise AssertionReplayed
    try:
        with tx.begin_nested():
            tx.execute(_USE, used | {"expires_at": expires_at})
    except IntegrityError as error:
        raise AssertionReplayed from error


def _text(value: Any) -> str | None:
    """Return a name that can be shown: anything else is left out, it is not worth a refusal."""
    is_text = isinstance(value, str) and value.isprintable() and value.strip()
    return value[:80] if is_text else None


def _language(value: Any) -> str | None:
    """Return the language of a tag such as `et-EE` when it is one of ours."""
    language = value[:2].lower() if isinstance(value, str) else None
    return language if language in LOCALES else None


def forget_used_assertions(tx: Connection, now: datetime) -> int:
    """Delete used assertions that have ended for an hour; return how many."""
    return tx.execute(_FORGET, {"before": now - timedelta(hours=1)}).rowcount
