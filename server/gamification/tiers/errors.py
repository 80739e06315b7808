"""Refusals of tiers."""

from server.core.errors import Refusal


class TierUnknown(Refusal):
    """There is no tier of that key."""

    code, status, title = "tier_unknown", 404, "No such tier"


class TierSchemeInvalid(Refusal):
    """Window, keep and grace do not fit together."""

    code, status, title = "tier_scheme_invalid", 422, "These tier settings do not fit together"
