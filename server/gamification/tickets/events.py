"""Events of tickets, as they go to the outbox: ids and numbers, no personal data."""

from server.core.outbox import Event
from server.gamification.tickets.types import Entry


def of_entry(entry: Entry, held: int) -> Event:
    """A member has entered; `held` is how many tickets count now."""
    told = {"source": str(entry.source), "added": entry.tickets, "tickets": held}
    return Event("raffle.ticket_added", _of(entry) | told, entry.member_id)


def of_ending(entry: Entry) -> Event:
    """Tickets count no longer; `reason` is the state in which the entry ended."""
    told = {"removed": entry.tickets, "reason": str(entry.state), "returned": entry.price}
    return Event("raffle.ticket_removed", _of(entry) | told, entry.member_id)


def _of(entry: Entry) -> dict[str, object]:
    return {"raffle_id": entry.raffle_id, "entry_id": entry.id}
