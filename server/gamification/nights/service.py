"""Working at nights: one worker at a time, step by step, each batch in a transaction of its own.

A batch and what is noted about it commit together. The note is fenced: a worker that was stalled
until its lease ran out cannot commit anything once another worker has the night.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from server.core.clock import local_date, start_of_day
from server.gamification.nights import rules
from server.gamification.nights.errors import LeaseLost
from server.gamification.nights.models import NIGHTLY_RUN
from server.gamification.nights.rules import LastNight
from server.gamification.nights.steps import STEPS
from server.gamification.nights.types import Night
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import Programme

LEASE_SECONDS = 120
_N = NIGHTLY_RUN.c
_NAMES = [step.name for step in STEPS]
_WORK = {step.name: step.work for step in STEPS}
_LAST = select(_N.night_on, _N.finished_at).order_by(_N.night_on.desc()).limit(1)


def _insert(dialect: Any) -> Any:
    return dialect.insert(NIGHTLY_RUN).on_conflict_do_nothing()


_BEGIN = {"postgresql": _insert(postgresql), "sqlite": _insert(sqlite)}
_OPEN = update(NIGHTLY_RUN).where(_N.night_on == bindparam("of_night"), _N.finished_at.is_(None))
_LEASE = (
    _OPEN.where(
        or_(
            _N.lease_ends_at.is_(None),
            _N.lease_ends_at <= bindparam("at"),
            # So far ahead no lease is given: the clock was wrong and has been set back.
            _N.lease_ends_at > bindparam("absurd"),
        )
    )
    .values(fence=_N.fence + 1, lease_ends_at=bindparam("until"))
    .returning(_N.night_on, _N.begins_at, _N.fence, _N.steps)
)
_MINE = _OPEN.where(_N.fence == bindparam("of_fence"))
_NOTE = _MINE.values(
    steps=bindparam("new_steps"),
    lease_ends_at=bindparam("until"),
    finished_at=bindparam("end_at"),
)
_RELEASE = _MINE.values(lease_ends_at=None)


def lease_night(
    tx: Connection, now: datetime, missed_max: int | None = rules.MISSED_MAX
) -> Night | None:
    """Lease the next night that is due at `now`; None when none is or another worker has it.

    A night is due when its day has begun in the programme's zone. Raise `NightsMissed`.
    """
    programme = get_programme(tx)
    row = tx.execute(_LAST).first()
    last = LastNight(row.night_on, row.finished_at is not None) if row else None
    on = rules.next_night(last, local_date(now, programme.zone), missed_max)
    if on is None:
        return None
    if last is None or on != last.on:
        tx.execute(_BEGIN[tx.dialect.name], _new_row(programme, on, now))
    lease = timedelta(seconds=LEASE_SECONDS)
    leased = {"of_night": on, "at": now, "until": now + lease, "absurd": now + 2 * lease}
    found = tx.execute(_LEASE, leased).first()
    if found is None:
        return None
    return Night(found.night_on, found.begins_at, found.fence, rules.states_of(found.steps))


def check_clock(tx: Connection, now: datetime) -> None:
    """Raise `NightsMissed` when `now` is so long after the last night that it may be wrong."""
    row = tx.execute(_LAST).first()
    if row is not None:
        today = local_date(now, get_programme(tx).zone)
        rules.check_missed(row.night_on, today, rules.MISSED_MAX)


def _new_row(programme: Programme, on: date, now: datetime) -> dict[str, Any]:
    return {
        "night_on": on,
        "begins_at": start_of_day(on, programme.zone),
        "zone": programme.zone.key,
        "steps": {},
        "fence": 0,
        "started_at": now,
    }


def work_at(tx: Connection, night: Night, now: datetime) -> Night | None:
    """Do one batch of the night and note it; return the night as it is then, None at its end.

    Steps with nothing to do are passed in the same transaction. Raise `LeaseLost`: the caller
    rolls back.
    """
    steps, name = dict(night.steps), rules.first_open_step(_NAMES, night.steps)
    while name is not None:
        moved = _WORK[name](tx, night, now)
        steps = rules.after(steps, name, moved)
        if moved:
            break
        name = rules.first_open_step(_NAMES, steps)
    left = rules.first_open_step(_NAMES, steps)
    note = {
        "of_night": night.on,
        "of_fence": night.fence,
        "new_steps": rules.stored(steps),
        "until": now + timedelta(seconds=LEASE_SECONDS) if left else None,
        "end_at": None if left else now,
    }
    if tx.execute(_NOTE, note).rowcount != 1:
        raise LeaseLost(f"the night of {night.on} went to another worker")
    return Night(night.on, night.begins_at, night.fence, steps) if left else None


def release_night(tx: Connection, night: Night) -> None:
    """Let others go on with the night at once; nothing if it is another's already."""
    tx.execute(_RELEASE, {"of_night": night.on, "of_fence": night.fence})
