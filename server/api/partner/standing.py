"""What a till shows beside a member's name: balance, tier, last visit, what to mention."""

from datetime import timedelta
from typing import Any

from server.api.endpoint import Call
from server.api.presenters.balances import read_balances
from server.core.clock import local_date
from server.gamification.activities.queries import get_shopper
from server.gamification.activities.types import Shopper
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import POINTS, Programme
from server.gamification.standings.climbing import look_up_tier
from server.gamification.tiers.queries import get_ladder
from server.gamification.tiers.rules import current_tier

HINT_AHEAD = timedelta(days=30)
"""How far ahead an expiry is worth telling at the till."""


def member_standing(call: Call, member_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return `balance` (points that can be spent now), `tier` and `last_visit`; and the hints."""
    programme = get_programme(call.tx, call.revision or None)
    balances = read_balances(call.tx, member_id, programme, call.locale, call.now)
    shopper = get_shopper(call.tx, member_id)
    points = next((one for one in balances if one["unit"] == POINTS), None)
    shown = {
        "balance": points["amount"] if points else 0,
        "tier": _tier_name(call, shopper, programme),
        "last_visit": shopper.facts.last_visit_on,
    }
    expiring = points["expiring"] if points else None
    if expiring and expiring["on"] > local_date(call.now, programme.zone) + HINT_AHEAD:
        expiring = None
    return shown, [{"kind": "expiring", "text": expiring["text"]}] if expiring else []


def _tier_name(call: Call, shopper: Shopper, programme: Programme) -> str | None:
    """Return the name of the tier as it is today, whether or not the nightly review has run."""
    ladder = get_ladder(call.tx, programme.revision)
    look_up_tier(call.tx, shopper, ladder, call.now)
    tier = current_tier(ladder, shopper.standing)
    if tier is None:
        return None
    return tier.names.get(call.locale) or tier.names.get(programme.default_locale) or tier.key
