"""Refusals of points."""

from server.core.errors import Refusal


class ExpiryInvalid(Refusal):
    """The expiry policies cannot be: a length out of range, a date that is past, or one twice."""

    code, status, title = "expiry_invalid", 422, "Expiry is not possible like this"
