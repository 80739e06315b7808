"""What grants tell the outbox."""

from server.core.outbox import Event
from server.gamification.grants.types import Given


def of_grant(given: Given) -> Event:
    """Return the event of a grant: what was given and for which reason."""
    payload = {
        "grant_id": given.grant_id,
        "reason": given.reason.ref_kind,
        "ref_id": given.reason.ref_id,
        "parts": [part.dump() for part in given.parts],
    }
    return Event("grant.given", payload, given.member_id)


def of_taking_back(given: Given) -> Event:
    """Return the event of a grant that was taken back."""
    payload = {"grant_id": given.grant_id, "parts": [part.dump() for part in given.parts]}
    return Event("grant.taken_back", payload, given.member_id)
