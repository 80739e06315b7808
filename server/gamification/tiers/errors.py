"""Refusals of tiers."""

from server.core.errors import Refusal


class TierUnknown(Refusal):
    """There is no tier of that key."""

    code, status, title = "tier_unknown", 404, "No such tier"
