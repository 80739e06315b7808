"""Taking a reward in the app or at a till: the tier is settled, refusals speak to the caller."""

from server.api.endpoint import Call
from server.api.views import reward_view_of, tier_key_of
from server.gamification.rewards.errors import TierTooLow
from server.gamification.vouchers.redeeming import Asked, redeem
from server.gamification.vouchers.types import Voucher


def take_reward(call: Call, member_id: str, reward_id: str, actor: str) -> Voucher:
    """Let a member take a reward and return the voucher. Raise as `redeem`.

    Tiers that are needed are named in the caller's language.
    """
    asked = Asked(member_id, reward_id, tier_key_of(call, member_id), actor)
    try:
        return redeem(call.tx, asked, call.now)
    except TierTooLow as refusal:
        tiers = refusal.params["tiers"]
        names = reward_view_of(call).tiers_named(tiers)
        raise TierTooLow(tiers=tiers, names=names) from refusal
