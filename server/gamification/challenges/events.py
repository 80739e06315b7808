"""Domain events of challenges, as they go to the outbox. Ids, numbers and instants only."""

from datetime import datetime

from server.core.clock import rfc3339
from server.core.outbox import Event
from server.gamification.challenges.types import END, Advance, Challenge, Progress

_QUARTER = 4


def of_advance(challenge: Challenge, advance: Advance, until: datetime | None) -> list[Event]:
    """Return the event of a step forward: done, or another quarter or stage behind."""
    progress = advance.progress
    if any(one.stage == END for one in advance.reached):
        return [completed(challenge, progress, until)]
    quarters = [
        value * _QUARTER // challenge.target for value in (advance.before, progress.current)
    ]
    if progress.completed_at is not None or (quarters[0] == quarters[1] and not advance.reached):
        return []
    payload = {
        "challenge_id": progress.challenge_id,
        "round": progress.round,
        "current": progress.current,
        "target": challenge.target,
        "pct": pct_of(progress.current, challenge.target),
    }
    return [Event("challenge.progressed", payload, progress.member_id)]


def completed(challenge: Challenge, progress: Progress, until: datetime | None) -> Event:
    """Return the event that a challenge is done; `until` is how long its reward can be claimed."""
    payload = {
        "challenge_id": progress.challenge_id,
        "round": progress.round,
        "reward_kind": str(challenge.benefits[0].kind) if challenge.benefits else None,
        "claim": str(challenge.claim),
        "claim_until_at": rfc3339(until) if until else None,
    }
    return Event("challenge.completed", payload, progress.member_id)


def pct_of(current: int, target: int) -> int:
    """Return how far it is in per cent, rounded down, 100 at most."""
    return min(100, current * 100 // target)
