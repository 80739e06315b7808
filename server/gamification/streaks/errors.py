"""Refusals of streaks."""

from server.core.errors import Refusal


class FreezeNoneLeft(Refusal):
    """No freeze can be bought: none are sold, or the member has as many as one may have."""

    code, status, title = "freeze_none_left", 409, "No more freezes can be bought"
