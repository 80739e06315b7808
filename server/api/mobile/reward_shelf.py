"""The catalogue as it stands to one member: for the list, for one reward, for the first screen."""

from typing import Any

from server.api.endpoint import Call
from server.api.presenters.rewards import present_reward
from server.api.views import reward_view_of, tier_key_of
from server.core.errors import NotFound
from server.core.statements import at_once
from server.gamification.ledger.queries import spendable_now
from server.gamification.rewards import rules
from server.gamification.rewards.catalogue import get_catalogue
from server.gamification.rewards.stock import ask_stock
from server.gamification.rewards.types import Reward, Shelf, Shopper, Standing, Taken
from server.gamification.rewards.wishes import ask_wishes
from server.gamification.vouchers.queries import ask_taken

NEAR = (Shelf.AFFORDABLE, Shelf.ALMOST)


class RewardShelf:
    """The rewards that are shown to the member who calls; everything is read once."""

    def __init__(self, call: Call, shopper: Shopper) -> None:
        self.call, self.view, self.shopper = call, reward_view_of(call), shopper
        zone, self.visible = self.view.programme.zone, visible_of(call)
        since = {
            one.id: rules.period_start(one.limit.period, call.now, zone) for one in self.visible
        }
        with at_once(call.tx):
            taken = ask_taken(call.tx, call.principal.id, since)
            stored, wishes = ask_stock(call.tx), ask_wishes(call.tx, call.principal.id)
        self.taken, self.stored, self.wishes = taken(), stored(), wishes()

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

    def near(self) -> list[Reward]:
        """Return what can be had or almost: first what the member wishes for."""
        found = [(reward, self.standing(reward)) for reward in self.visible]
        kept = [pair for pair in found if pair[1].shelf in NEAR]
        kept.sort(key=lambda pair: (pair[0].id not in self.wishes, *rules.shelf_order(*pair)))
        return [reward for reward, _ in kept]


def visible_of(call: Call) -> list[Reward]:
    """Return the rewards that are shown now."""
    live = get_catalogue(call.tx, call.configuration.programme.revision).live
    shown = (one for one in live if not one.is_gift_only)
    return [one for one in shown if one.visible.is_open(call.now)]


def shopper_of(call: Call) -> Shopper:
    """Return the tier that the member has now, and what can be spent."""
    me, live = call.principal.id, get_catalogue(call.tx, call.configuration.programme.revision).live
    units = {unit for reward in live for unit in reward.price}
    spendable = {unit: spendable_now(call.tx, me, unit, call.now) for unit in units}
    return Shopper(tier_key_of(call, call.principal.id), spendable)
