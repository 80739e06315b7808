"""How a caller sees amounts, tiers and rewards: in their language, now, as it is configured."""

from server.api.endpoint import Call
from server.api.presenters.balances import UnitView, points_view
from server.api.presenters.rewards import RewardView
from server.api.presenters.rewards_given import BenefitView
from server.api.presenters.tiers import TierView
from server.gamification.activities.queries import get_shopper
from server.gamification.screens.benefit_names import get_benefit_names
from server.gamification.standings.climbing import look_up_tier
from server.gamification.tiers.rules import current_key


def points_view_of(call: Call) -> UnitView:
    """Return points as the caller reads them."""
    return points_view(call.configuration.programme, call.locale, call.now)


def tier_view_of(call: Call) -> TierView:
    """Return ladder and units as the caller reads them."""
    return TierView(call.configuration.ladder, points_view_of(call))


def benefit_view_of(call: Call) -> BenefitView:
    """Return all that can be given as the caller reads it."""
    points = points_view_of(call)
    names = get_benefit_names(call.tx, points.programme.revision)
    return BenefitView(points, names)


def reward_view_of(call: Call) -> RewardView:
    """Return rewards as the caller reads them."""
    configuration = call.configuration
    return RewardView(configuration.programme, configuration.ladder, call.locale, call.now)


def tier_key_of(call: Call, member_id: str) -> str | None:
    """Return the tier that a member has now, brought up to date. Raises NotFound."""
    ladder = call.configuration.ladder
    shopper = get_shopper(call.tx, member_id)
    look_up_tier(call.tx, shopper, ladder, call.now)
    return current_key(ladder, shopper.standing) or None
