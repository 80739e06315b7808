"""The words of nights."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class StepState:
    """How far a step is: what it has moved so far, and whether nothing is left."""

    count: int = 0
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Night:
    """A night that this worker has leased.

    `on` is the day that begins, in the programme's zone, and `begins_at` the instant at which it
    does; `fence` tells this lease from earlier and later ones.
    """

    on: date
    begins_at: datetime
    fence: int
    steps: Mapping[str, StepState]
