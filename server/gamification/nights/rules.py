"""Which night comes next, and how far a night is: pure decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from server.gamification.nights.errors import NightsMissed
from server.gamification.nights.types import StepState

MISSED_MAX = 31
"""More missed nights than this wait for a person: the clock may be wrong."""


@dataclass(frozen=True, slots=True)
class LastNight:
    """The newest night there is."""

    on: date
    is_finished: bool


def next_night(last: LastNight | None, today: date, missed_max: int | None) -> date | None:
    """Return the night to work at on `today`, both in the programme's zone; None for none.

    The first night ever is today's. After it every night has its turn, in order, however late.
    A night that lies in the future (the clock was wrong when it was begun) waits for its day.
    Raise `NightsMissed` when more than `missed_max` (None: any number) nights are due at once.
    """
    if last is None:
        return today
    if last.on > today:
        return None
    if not last.is_finished:
        return last.on
    check_missed(last.on, today, missed_max)
    return last.on + timedelta(days=1) if today > last.on else None


def check_missed(last_on: date, today: date, missed_max: int | None) -> None:
    """Raise `NightsMissed` when more than `missed_max` (None: any number) nights are missing."""
    missed = (today - last_on).days
    if missed_max is not None and missed > missed_max:
        raise NightsMissed(
            f"{missed} nights are missing since {last_on}. If the clock is right, run:"
            " fairstar jobs catch-up"
        )


def first_open_step(names: Sequence[str], steps: Mapping[str, StepState]) -> str | None:
    """Return the first step of the order that is not done, None when all are."""
    return next((name for name in names if not steps.get(name, StepState()).is_done), None)


def after(steps: Mapping[str, StepState], name: str, moved: int) -> dict[str, StepState]:
    """Return the states after a step moved so many things: with none it is done."""
    before = steps.get(name, StepState())
    return {**steps, name: StepState(before.count + moved, is_done=moved == 0)}


def states_of(stored: Mapping[str, Any]) -> dict[str, StepState]:
    """Read states as they are stored."""
    return {name: StepState(one["count"], one["is_done"]) for name, one in stored.items()}


def stored(steps: Mapping[str, StepState]) -> dict[str, Any]:
    """Write states as they are stored."""
    return {name: {"count": one.count, "is_done": one.is_done} for name, one in steps.items()}
