"""Events of prizes, as they go to the outbox: ids and numbers, no personal data."""

from server.core.outbox import Event
from server.gamification.raffle_draws.types import Win


def of_prize(topic: str, win: Win) -> Event:
    """Something happened to a prize of a member, such as `prize.claimed`."""
    return Event(topic, _of(win), win.member_id)


def of_deadline(win: Win, hours: int) -> Event:
    """The time to claim a prize ends within so many hours."""
    assert win.claim_by_at is not None
    told = {"claim_by": win.claim_by_at.isoformat(), "hours": hours}
    return Event("prize.claim_ending", _of(win) | told, win.member_id)


def of_carrying(raffle_id: str, place: int) -> Event:
    """Nobody is left for a main prize: it stays for the next raffle."""
    return Event("prize.carried", {"raffle_id": raffle_id, "prize": place})


def _of(win: Win) -> dict[str, object]:
    return {"raffle_id": win.raffle_id, "prize_id": win.id, "kind": str(win.draw)}
