"""Domain events of tiers, as they go to the outbox. Ids, numbers and dates only."""

from datetime import date

from server.core.outbox import Event
from server.gamification.tiers.types import Kind, Review

TOLD = {
    Kind.UPGRADED: "tier.upgraded",
    Kind.RENEWED: "tier.renewed",
    Kind.DOWNGRADED: "tier.downgraded",
}


def of_review(member_id: str, review: Review, ref_id: str) -> list[Event]:
    """Return the event of a decision that a member wants to know, none for the others."""
    if review.kind not in TOLD:
        return []
    keep_on = review.standing.keep_until_on
    payload = {
        "ref_id": ref_id,
        "from_id": review.from_id,
        "to_id": review.standing.tier_id,
        "keep_until_on": keep_on.isoformat() if keep_on else None,
    }
    return [Event(TOLD[review.kind], payload, member_id)]


def almost(member_id: str, tier_id: str, remaining: int, by_on: date | None) -> Event:
    """Return the event that the next tier is near; `remaining` in units of the ladder's basis."""
    payload = {
        "tier_id": tier_id,
        "remaining": remaining,
        "by_on": by_on.isoformat() if by_on else None,
    }
    return Event("tier.almost", payload, member_id)


def at_risk(member_id: str, tier_id: str | None, remaining: int, on: date) -> Event:
    """Return the event that a tier ends after `on` unless `remaining` more is done."""
    payload = {"tier_id": tier_id, "remaining": remaining, "on": on.isoformat()}
    return Event("tier.at_risk", payload, member_id)
