"""Refusals of code pools."""

from server.core.errors import Refusal


class RewardHasOwnCodes(Refusal):
    """The reward's settings do not say `"codes": "uploaded"`."""

    code, status, title = "reward_has_own_codes", 409, "The codes of this reward are not uploaded"
