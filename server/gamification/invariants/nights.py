"""J1: nights follow each other without a gap, each over before the next begins."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection, select

from server.core.walking import walk
from server.gamification.invariants.declaring import Invariant
from server.gamification.invariants.types import Setting
from server.gamification.nights.models import NIGHTLY_RUN
from server.gamification.nights.rules import states_of

_NIGHTS = select(NIGHTLY_RUN)


def _out_of_order(tx: Connection, _setting: Setting) -> Iterable[str]:
    before = None
    for night in walk(tx, _NIGHTS, [NIGHTLY_RUN.c.night_on]):
        if before is not None:
            is_next = night.night_on == before.night_on + timedelta(days=1)
            is_over = before.finished_at is not None
            if not (is_next and is_over):
                yield str(night.night_on)
        before = night


def _half_done(tx: Connection, _setting: Setting) -> Iterable[str]:
    for night in walk(tx, _NIGHTS, [NIGHTLY_RUN.c.night_on]):
        states = states_of(night.steps)
        if night.finished_at is not None and not all(one.is_done for one in states.values()):
            yield str(night.night_on)


INVARIANTS = (
    Invariant("J1", "A night follows the night before it, which is over.", _out_of_order),
    Invariant("J1", "A night is over when all of its steps are.", _half_done),
)
