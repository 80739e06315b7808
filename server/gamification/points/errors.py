"""Refusals of points."""

from server.core.errors import Refusal


class ExpiryInvalid(Refusal):
    """The expiry policies cannot be: a length out of range, a date that is past, or one twice."""

    code, status, title = "expiry_invalid", 422, "Expiry is not possible like this"


class SpendTooSmall(Refusal):
    """Fewer points than may be spent at once; `params.least` says how many."""

    code, status, title = "spend_too_small", 422, "Too few points to pay with"


class SpendShareExceeded(Refusal):
    """Points may pay only a part of a bill; `params.most` says how many points that is."""

    code, status, title = "spend_share_exceeded", 422, "Too many points for this bill"
