"""Rewards taken at the till: by somebody who shows the card and no voucher."""

from server.api.endpoint import Call, Reply
from server.api.partner import partner
from server.api.partner.own import actor_of
from server.api.partner.redemptions import spender_of
from server.api.partner.vouchers import VoucherRedeemed, present_use, till_of
from server.api.schemas import RequestSchema, Text
from server.api.taking import take_reward
from server.core.errors import NotFound
from server.core.ids import EXAMPLE_MEMBER_ID
from server.gamification.cards.errors import AssuranceTooLow, CardBlocked, QrReplayed, QrStale
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.members.errors import MemberBlocked, MemberMerged
from server.gamification.programme.queries import current_revision
from server.gamification.rewards.catalogue import get_catalogue
from server.gamification.rewards.errors import (
    NotEligible,
    RewardLimitReached,
    RewardSoldOut,
    TierTooLow,
)
from server.gamification.vouchers.errors import CodeExhausted, VoucherWrongLocation
from server.gamification.vouchers.using import use_found


class RewardAtTill(RequestSchema):
    """Who takes the reward, and where. A till sends the rotating code as `qr`; a shop's backend,
    which has signed its customer in, may send `member_id` instead.
    """

    example = {"member_id": EXAMPLE_MEMBER_ID}

    qr = Text(most=100, load_default=None, allow_none=True)
    member_id = Text(most=40, load_default=None, allow_none=True)
    location_id = Text(most=40, load_default=None, allow_none=True)
    external_id = Text(most=100, load_default=None, allow_none=True)


@partner.post(
    "/rewards/{reward_id}/redemptions",
    "redeemRewardAtTill",
    scope="redemptions:write",
    body=RewardAtTill,
    answers={201: VoucherRedeemed},
    refuses=(
        NotFound,
        NotEligible,
        TierTooLow,
        RewardSoldOut,
        RewardLimitReached,
        CodeExhausted,
        BalanceInsufficient,
        VoucherWrongLocation,
        AssuranceTooLow,
        QrStale,
        QrReplayed,
        CardBlocked,
        MemberBlocked,
        MemberMerged,
    ),
    idempotency="required",
)
def redeem_reward_at_till(call: Call, reward_id: str) -> Reply:
    """Take a reward for a member and hand it over at once: a voucher is made and used.

    Undone, the voucher stays with the member, who may use it later or give it back.
    """
    member_id = spender_of(call)
    reward = get_catalogue(call.tx, current_revision(call.tx)).get(reward_id)
    if reward.is_settled_at_once:
        raise NotFound("This reward is taken in the app, not at a till.")
    voucher = take_reward(call, member_id, reward.id, actor_of(call))
    return Reply(present_use(call, use_found(call.tx, voucher.id, till_of(call), call.now)), 201)
