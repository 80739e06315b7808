"""Domain events of badges, as they go to the outbox."""

from server.core.outbox import Event
from server.gamification.badges.types import Award, Held


def earned(award: Award) -> Event:
    """Return the event that a member has a new badge, or a new level of one."""
    payload = {
        "badge_id": award.badge.id,
        "level": award.level.number,
        "award_id": award.id,
        "source": str(award.origin.source),
    }
    return Event("badge.earned", payload, award.member_id)


def revoked(member_id: str, held: Held, reason: str) -> Event:
    """Return the event that a member has lost a badge, or a level of one."""
    payload = {"badge_id": held.badge_id, "level": held.level}
    return Event(
        "badge.revoked", payload | {"award_id": held.award_id, "reason": reason}, member_id
    )
