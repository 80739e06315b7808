"""The rewards catalogue, taking rewards, and wishing for them."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.mobile.vouchers import VoucherGiven, present_given, tier_key_of
from server.api.presenters.rewards import RewardOut, present_reward
from server.api.schemas import Items, Nested, PageQuery, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import reward_view_of
from server.core.errors import NotFound
from server.core.pagination import LATEST, CursorInvalid, Position, read_cursor, write_cursor
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.queries import spendable_now
from server.gamification.rewards import rules
from server.gamification.rewards.catalogue import Catalogue, get_catalogue
from server.gamification.rewards.errors import (
    NotEligible,
    RewardLimitReached,
    RewardSoldOut,
    TierTooLow,
)
from server.gamification.rewards.stock import list_stock
from server.gamification.rewards.types import Reward, Shopper, Standing, Taken
from server.gamification.rewards.wishes import ask_wishes, unwish, wish
from server.gamification.vouchers.errors import CodeExhausted
from server.gamification.vouchers.queries import list_taken
from server.gamification.vouchers.redeeming import Asked, redeem


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
    shelf = _Shelf(call)
    found = [(reward, shelf.standing(reward)) for reward in shelf.visible]
    kept = [pair for pair in found if _is_wanted(call, pair, shelf)]
    kept.sort(key=lambda pair: rules.shelf_order(*pair))
    rows, cursor = _page(call, [reward for reward, _ in kept])
    return Reply({"items": [shelf.present(one) for one in rows], "next_cursor": cursor})


@member.get("/me/rewards/{reward_id}", "getMyReward", answers={200: RewardOut}, refuses=(NotFound,))
def get_my_reward(call: Call, reward_id: str) -> Reply:
    """Get one reward."""
    shelf = _Shelf(call)
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
    asked = Asked(me.id, reward_id, tier_key_of(call), me.name)
    return Reply(present_given(call, redeem(call.tx, asked, call.now)), 201)


@member.put(
    "/me/rewards/{reward_id}/wish", "wishForReward", answers={204: None}, refuses=(NotFound,)
)
def wish_for_reward(call: Call, reward_id: str) -> Reply:
    """Wish for a reward, to be told when there is enough for it."""
    wish(call.tx, call.principal.id, _Shelf(call).get(reward_id).id, call.now)
    return Reply(None, 204)


@member.delete("/me/rewards/{reward_id}/wish", "forgetWish", answers={204: None})
def forget_wish(call: Call, reward_id: str) -> Reply:
    """Forget a wish."""
    unwish(call.tx, call.principal.id, reward_id)
    return Reply(None, 204)


class _Shelf:
    """The catalogue as it stands to the member who calls; everything is read once."""

    def __init__(self, call: Call) -> None:
        self.call, self.view = call, reward_view_of(call)
        member_id = call.principal.id
        self.catalogue: Catalogue = get_catalogue(call.tx, self.view.programme.revision)
        units = {unit for reward in self.catalogue.live for unit in reward.price}
        spendable = {unit: spendable_now(call.tx, member_id, unit, call.now) for unit in units}
        self.shopper = Shopper(tier_key_of(call), spendable)
        zone = self.view.programme.zone
        since = {
            reward.id: rules.period_start(reward.limit.period, call.now, zone)
            for reward in self.catalogue.live
        }
        self.taken = list_taken(call.tx, member_id, since)
        self.stored = list_stock(call.tx)
        self.wishes = ask_wishes(call.tx, member_id)()

    @property
    def visible(self) -> list[Reward]:
        """The rewards that are shown now."""
        shown = (one for one in self.catalogue.live if not one.is_gift_only)
        return [one for one in shown if one.visible.is_open(self.call.now)]

    def get(self, reward_id: str) -> Reward:
        """Return a reward that is shown. Raise `NotFound`."""
        for reward in self.visible:
            if reward.id == reward_id:
                return reward
        raise NotFound("There is no such reward.")

    def standing(self, reward: Reward) -> Standing:
        """Return how a reward stands to the member."""
        stock = rules.stock_of(reward, self.stored.get(reward.id))
        taken = self.taken.get(reward.id, Taken())
        return rules.standing_of(reward, self.shopper, taken, stock, self.call.now)

    def present(self, reward: Reward) -> dict[str, Any]:
        """Return a reward as the member sees it."""
        stock = rules.stock_of(reward, self.stored.get(reward.id))
        taken = self.taken.get(reward.id, Taken())
        is_wished = reward.id in self.wishes
        return present_reward(reward, self.standing(reward), taken, stock, is_wished, self.view)


def _is_wanted(call: Call, found: tuple[Reward, Standing], shelf: _Shelf) -> bool:
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
