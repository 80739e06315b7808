"""The rewards catalogue, taking rewards, and wishing for them."""

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.mobile.reward_shelf import RewardShelf, shopper_of
from server.api.mobile.vouchers import VoucherGiven, present_given
from server.api.presenters.rewards import RewardOut
from server.api.schemas import Items, Nested, PageQuery, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.taking import take_reward
from server.core.errors import NotFound
from server.core.pagination import LATEST, CursorInvalid, Position, read_cursor, write_cursor
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.rewards import rules
from server.gamification.rewards.errors import (
    NotEligible,
    RewardLimitReached,
    RewardSoldOut,
    TierTooLow,
)
from server.gamification.rewards.types import Reward, Standing
from server.gamification.rewards.wishes import unwish, wish
from server.gamification.vouchers.errors import CodeExhausted


class RewardQuery(PageQuery):
    """Which rewards: of a category, in a state, or those wished for (`wished`)."""

    category = Text(most=40, load_default=None)
    filter = Text(most=40, load_default=None)


class RewardList(Out):
    """Rewards: what can be had first, then what is near."""

    items = Items(Nested(RewardOut), required=True)
    next_cursor = Text(required=True, allow_none=True)


class RedeemIn(RequestSchema):
    """Nothing needs to be said."""


@member.get(
    "/me/rewards",
    "listMyRewards",
    query=RewardQuery,
    answers={200: RewardList},
    refuses=(CursorInvalid,),
)
def list_my_rewards(call: Call) -> Reply:
    """List the rewards, with what is missing for each.

    `filter` is one of the states, `wished`, or `affordable_first`, which is how they come anyway.
    """
    shelf = RewardShelf(call, shopper_of(call))
    found = [(reward, shelf.standing(reward)) for reward in shelf.visible]
    kept = [pair for pair in found if _is_wanted(call, pair, shelf)]
    kept.sort(key=lambda pair: rules.shelf_order(*pair))
    rows, cursor = _page(call, [reward for reward, _ in kept])
    return Reply({"items": [shelf.present(one) for one in rows], "next_cursor": cursor})


@member.get("/me/rewards/{reward_id}", "getMyReward", answers={200: RewardOut}, refuses=(NotFound,))
def get_my_reward(call: Call, reward_id: str) -> Reply:
    """Get one reward."""
    shelf = RewardShelf(call, shopper_of(call))
    return Reply(shelf.present(shelf.get(reward_id)))


@member.post(
    "/me/rewards/{reward_id}/redemptions",
    "redeemReward",
    body=RedeemIn,
    answers={201: VoucherGiven},
    refuses=(
        NotFound,
        NotEligible,
        TierTooLow,
        RewardSoldOut,
        RewardLimitReached,
        CodeExhausted,
        BalanceInsufficient,
    ),
    idempotency="required",
    personal=True,
)
def redeem_reward(call: Call, reward_id: str) -> Reply:
    """Take a reward: its price is set aside and a voucher is made.

    What is not used until the voucher's end comes back by itself.
    """
    me = call.principal
    voucher = take_reward(call, me.id, reward_id, me.name)
    return Reply(present_given(call, voucher), 201)


@member.put(
    "/me/rewards/{reward_id}/wish", "wishForReward", answers={204: None}, refuses=(NotFound,)
)
def wish_for_reward(call: Call, reward_id: str) -> Reply:
    """Wish for a reward, to be told when there is enough for it."""
    wish(
        call.tx, call.principal.id, RewardShelf(call, shopper_of(call)).get(reward_id).id, call.now
    )
    return Reply(None, 204)


@member.delete("/me/rewards/{reward_id}/wish", "forgetWish", answers={204: None})
def forget_wish(call: Call, reward_id: str) -> Reply:
    """Forget a wish."""
    unwish(call.tx, call.principal.id, reward_id)
    return Reply(None, 204)


def _is_wanted(call: Call, found: tuple[Reward, Standing], shelf: RewardShelf) -> bool:
    category, wanted = call.query["category"], call.query["filter"]
    if category is not None and found[0].category != category:
        return False
    if wanted == "wished":
        return found[0].id in shelf.wishes
    return wanted in (None, "affordable_first", str(found[1].shelf))


def _page(call: Call, rewards: list[Reward]) -> tuple[list[Reward], str | None]:
    """Return the rewards after the cursor, as many as asked for, and the next cursor.

    The catalogue is short and in an order that may change; a page begins after the reward that
    was shown last, wherever that is now.
    """
    scope, limit = f"rewards:{call.principal.id}", call.query["limit"]
    ids = [reward.id for reward in rewards]
    start = 0
    if call.query["cursor"]:
        last = read_cursor(call.vault, scope, call.query["cursor"]).id
        start = ids.index(last) + 1 if last in ids else 0
    shown = rewards[start : start + limit]
    if start + limit >= len(rewards):
        return shown, None
    return shown, write_cursor(call.vault, scope, Position(LATEST, shown[-1].id))
