"""Balances, what expires when, and the tier."""

from datetime import datetime
from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.balances import (
    Balance,
    Expiring,
    expiration,
    read_balances,
    unit_view,
)
from server.api.presenters.tiers import TierOut, present_tier
from server.api.schemas import Items, Nested
from server.api.schemas import ResponseSchema as Out
from server.api.views import tier_view_of
from server.gamification.activities.queries import get_shopper
from server.gamification.points.ladders import ask_expiry_ladders
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
    """Get what expires when, of every unit."""
    programme, now = call.configuration.programme, call.now
    found: list[tuple[datetime, dict[str, Any]]] = [
        (at, expiration(at, amount, unit_view(programme, unit, call.locale, now)))
        for unit, ladder in ask_expiry_ladders(call.tx, call.principal.id)().items()
        for at, amount in ladder
        if at > now
    ]
    found.sort(key=lambda step: (step[0], step[1]["unit"] != POINTS, step[1]["unit"]))
    return Reply({"items": [item for _, item in found]})


@member.get("/me/tier", "getMyTier", answers={200: TierOut})
def get_my_tier(call: Call) -> Reply:
    """Get the tier, the bar to the next one, and the whole ladder."""
    shopper, view = get_shopper(call.tx, call.principal.id), tier_view_of(call)
    ahead = look_up_tier(call.tx, shopper, view.ladder, call.now)
    return Reply(present_tier(shopper.standing, ahead, view))
