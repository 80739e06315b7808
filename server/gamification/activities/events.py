"""Domain events of activities, as they go to the outbox. Ids and numbers only, no names."""

from typing import Any

from server.core.outbox import Event


def of_purchase(activity_id: str, member_id: str, trace: dict[str, Any]) -> list[Event]:
    """Return the events of a recorded purchase: points awarded, and a tier reached."""
    found = []
    if trace["points"]:
        payload = {
            "activity_id": activity_id,
            "unit": "points",
            "amount": trace["points"],
            "available_at": trace["available_at"],
            "expires_at": trace["expires_at"],
        }
        found.append(Event("points.awarded", payload, member_id))
    return found + of_tier(activity_id, member_id, trace["tier_change"])


def of_return(
    activity_id: str, return_id: str, member_id: str, taken: int, restored: int
) -> list[Event]:
    """Return the event of a return: what was taken back and what was given back."""
    if not taken and not restored:
        return []
    payload = {
        "activity_id": activity_id,
        "return_id": return_id,
        "unit": "points",
        "taken": taken,
        "restored": restored,
    }
    return [Event("points.reversed", payload, member_id)]


def of_tier(ref_id: str, member_id: str, change: dict[str, Any] | None) -> list[Event]:
    """Return the event of a tier change, if there was one."""
    if change is None:
        return []
    topic = "tier.upgraded" if change["is_upgrade"] else "tier.downgraded"
    payload = {"ref_id": ref_id, "from_id": change["from_id"], "to_id": change["to_id"]}
    return [Event(topic, payload, member_id)]
