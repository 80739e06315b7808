"""Refusals about partners, devices and keys."""

from server.core.errors import Refusal


class PairingTokenInvalid(Refusal):
    """The pairing token is unknown, used or too old; make a new one for the device."""

    code, status, title = "pairing_token_invalid", 422, "The pairing code is not valid"


class ScopeUnknown(Refusal):
    """A key was asked for with a scope that does not exist."""

    code, status, title = "scope_unknown", 422, "Unknown scope"
    stored = False


class LocationExists(Refusal):
    """The external id belongs to another location; `params.location_id` names it."""

    code, status, title = "location_exists", 409, "The location exists"


class AssertionInvalid(Refusal):
    """The partner's statement about its customer is not acceptable; `detail` says why."""

    code, status, title = "assertion_invalid", 401, "The partner's assertion is not valid"


class AssertionReplayed(Refusal):
    """This assertion signed somebody in already; each `jti` works once."""

    code, status, title = "assertion_replayed", 409, "The assertion was used already"


class SigningKeyInvalid(Refusal):
    """The public key is not a PEM key of a kind that can sign assertions."""

    code, status, title = "signing_key_invalid", 422, "The signing key is not usable"
    stored = False
