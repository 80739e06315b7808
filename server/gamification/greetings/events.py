"""What greetings tell the outbox."""

from server.core.outbox import Event
from server.gamification.greetings.types import GreetingKind
from server.gamification.programme.types import POINTS


def of_greeting(member_id: str, kind: GreetingKind, amount: int) -> Event:
    """Return the event of a greeting."""
    payload = {"kind": str(kind), "unit": POINTS, "amount": amount}
    return Event("greeting.granted", payload, member_id)
