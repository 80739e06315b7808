"""Refusals of reports."""

from server.core.errors import Refusal


class ProfileIncomplete(Refusal):
    """The profile is not complete; `params.missing` says what is missing."""

    code, status, title = "profile_incomplete", 409, "The profile is not complete"
