"""Balances, what expires when, and the tier."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.balances import (
    Balance,
    Expiring,
    expiration,
    read_balances,
)
from server.api.presenters.tiers import TierOut, present_tier
from server.api.schemas import Items, Nested
from server.api.schemas import ResponseSchema as Out
from server.api.views import points_view_of, tier_view_of
from server.gamification.activities.queries import get_shopper
from server.gamification.ledger.queries import expiry_ladder
from server.gamification.programme.types import POINTS
from server.gamification.standings.climbing import look_up_tier


class BalanceList(Out):
    """The member's balances, one for each unit."""

    items = Items(Nested(Balance), required=True)


class ExpirationList(Out):
    """What expires when, soonest first."""

    items = Items(Nested(Expiring), required=True)


@member.get("/me/balances", "listMyBalances", answers={200: BalanceList})
def list_my_balances(call: Call) -> Reply:
    """Get the balances."""
    programme = call.configuration.programme
    items = read_balances(call.tx, call.principal.id, programme, call.locale, call.now)
    return Reply({"items": items})


@member.get("/me/expirations", "listMyExpirations", answers={200: ExpirationList})
def list_my_expirations(call: Call) -> Reply:
    """Get which points expire when."""
    view = points_view_of(call)
    ladder = expiry_ladder(call.tx, call.principal.id, POINTS)
    items: list[dict[str, Any]] = [
        expiration(at, amount, view) for at, amount in ladder if at > call.now
    ]
    return Reply({"items": items})


@member.get("/me/tier", "getMyTier", answers={200: TierOut})
def get_my_tier(call: Call) -> Reply:
    """Get the tier, the bar to the next one, and the whole ladder."""
    shopper, view = get_shopper(call.tx, call.principal.id), tier_view_of(call)
    ahead = look_up_tier(call.tx, shopper, view.ladder, call.now)
    return Reply(present_tier(shopper.standing, ahead, view))
