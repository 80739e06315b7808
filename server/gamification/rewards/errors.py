"""Refusals of rewards."""

from server.core.errors import Refusal


class RewardSoldOut(Refusal):
    """The last one is gone."""

    code, status, title = "reward_sold_out", 409, "Sold out"


class RewardLimitReached(Refusal):
    """The member has had as many as one may have; `params.limit` says how many."""

    code, status, title = "reward_limit_reached", 409, "You have had this reward already"


class TierTooLow(Refusal):
    """The reward is for members of other tiers; `params.tiers` has their keys."""

    code, status, title = "tier_too_low", 403, "This reward is for another tier"


class NotEligible(Refusal):
    """The reward cannot be had by this member now; `params.reasons` says why."""

    code, status, title = "not_eligible", 403, "This reward cannot be had now"
