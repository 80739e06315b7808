"""Domain events of streaks, as they go to the outbox. Ids, numbers and dates only."""

from collections.abc import Sequence
from datetime import date

from server.core.outbox import Event
from server.gamification.streaks.types import Run


def milestone(run: Run, level: int) -> Event:
    """Return the event that a run is as long as a milestone asks for."""
    payload = {"streak_id": run.streak_id, "level": level, "current": run.current}
    return Event("streak.milestone", payload, run.member_id)


def saved(run: Run, frozen: Sequence[date]) -> Event:
    """Return the event that freezes saved a run."""
    payload = {
        "streak_id": run.streak_id,
        "current": run.current,
        "used": len(frozen),
        "freezes_left": run.freezes,
    }
    return Event("streak.saved", payload, run.member_id)
