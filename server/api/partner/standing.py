"""What a till shows beside a member's name: balance, tier, last visit."""

from typing import Any

from server.api.endpoint import Call
from server.gamification.facts.queries import get_facts
from server.gamification.ledger.queries import expiry_ladder, list_wallets
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import POINTS
from server.gamification.tiers.queries import get_ladder, get_standing


def member_standing(call: Call, member_id: str) -> dict[str, Any]:
    """Return the `balance` (points that can be spent now), `tier` name and `last_visit` date."""
    visited_on = get_facts(call.tx, member_id).last_visit_on
    return {
        "balance": _balance(call, member_id),
        "tier": _tier_name(call, member_id),
        "last_visit": visited_on,
    }


def _balance(call: Call, member_id: str) -> int:
    """Return the stored balance without lots whose date has passed but that are not swept yet."""
    wallets = list_wallets(call.tx, member_id)
    stored = sum(wallet.available for wallet in wallets if wallet.unit == POINTS)
    if not stored:
        return 0
    ladder = expiry_ladder(call.tx, member_id, POINTS)
    return stored - sum(amount for expires_at, amount in ladder if expires_at <= call.now)


def _tier_name(call: Call, member_id: str) -> str | None:
    programme = get_programme(call.tx, call.revision or None)
    tier = get_ladder(call.tx, programme.revision).get(get_standing(call.tx, member_id).tier_id)
    if tier is None:
        return None
    return tier.names.get(call.locale) or tier.names.get(programme.default_locale) or tier.key
