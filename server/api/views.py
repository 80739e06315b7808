"""How a caller sees amounts, tiers and rewards: in their language, now, as it is configured."""

from server.api.endpoint import Call
from server.api.presenters.balances import UnitView, points_view
from server.api.presenters.rewards import RewardView
from server.api.presenters.tiers import TierView


def points_view_of(call: Call) -> UnitView:
    """Return points as the caller reads them."""
    return points_view(call.configuration.programme, call.locale, call.now)


def tier_view_of(call: Call) -> TierView:
    """Return ladder and units as the caller reads them."""
    return TierView(call.configuration.ladder, points_view_of(call))


def reward_view_of(call: Call) -> RewardView:
    """Return rewards as the caller reads them."""
    configuration = call.configuration
    return RewardView(configuration.programme, configuration.ladder, call.locale, call.now)
