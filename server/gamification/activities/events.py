"""Domain events of activities, as they go to the outbox. Ids and numbers only, no names."""

from typing import Any

from server.core.outbox import Event


def of_purchase(activity_id: str, member_id: str, trace: dict[str, Any]) -> list[Event]:
    """Return the event of a recorded purchase: points awarded."""
    if not trace["points"]:
        return []
    payload = {
        "activity_id": activity_id,
        "unit": "points",
        "amount": trace["points"],
        "available_at": trace["available_at"],
        "expires_at": trace["expires_at"],
    }
    return [Event("points.awarded", payload, member_id)]


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
