"""Taking slots and writing down what became of each run."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from server.core.ids import new_id
from server.jobs.models import JOB_RUN, JOB_SLOT

LOST_HOURS = 6
_R, _S = JOB_RUN.c, JOB_SLOT.c


def _take(dialect: Any) -> Any:
    statement = dialect.insert(JOB_SLOT).on_conflict_do_nothing()
    return statement.returning(JOB_SLOT.c.slot)


_TAKE = {"postgresql": _take(postgresql), "sqlite": _take(sqlite)}
_BEGIN = insert(JOB_RUN)
_END = (
    update(JOB_RUN)
    .where(_R.id == bindparam("of_id"), _R.outcome == "running")
    .values(
        outcome=bindparam("to_outcome"),
        finished_at=bindparam("at"),
        moved=bindparam("count"),
        error=bindparam("text"),
    )
)
_LOSE = (
    update(JOB_RUN)
    .where(_R.name == bindparam("of_name"), _R.outcome == "running")
    .where(_R.started_at < bindparam("before"))
    .values(outcome="lost", finished_at=bindparam("at"), error="the worker ended before the run")
)
_OLD_RUNS = select(_R.id).where(_R.started_at < bindparam("before")).limit(bindparam("most"))
_FORGET_RUNS = delete(JOB_RUN).where(_R.id.in_(_OLD_RUNS.scalar_subquery()))
_FORGET_SLOTS = delete(JOB_SLOT).where(_S.taken_at < bindparam("before"))


_NEWEST = select(_R.name, func.max(_R.started_at).label("started_at")).group_by(_R.name).subquery()
_LAST_RUNS = select(JOB_RUN).join(
    _NEWEST, and_(_NEWEST.c.name == _R.name, _NEWEST.c.started_at == _R.started_at)
)


def last_runs(tx: Connection) -> dict[str, Any]:
    """Return the newest run of each job by name."""
    return {row.name: row for row in tx.execute(_LAST_RUNS)}


def next_at(now: datetime, every_seconds: int) -> datetime:
    """Return when the slot after the one that contains `now` begins."""
    slot = slot_of(now, every_seconds)
    return datetime.fromtimestamp((slot + 1) * every_seconds, UTC)


def slot_of(now: datetime, every_seconds: int) -> int:
    """Return the number of the slot that contains `now`; slots start at midnight UTC of 1970."""
    return int(now.timestamp()) // every_seconds


def take_slot(tx: Connection, name: str, slot: int, now: datetime) -> bool:
    """Take a slot of a job for this worker; False when somebody has it. It is never given twice:
    the row stays longer than any clock can be wrong.
    """
    row = {"name": name, "slot": slot, "taken_at": now}
    return tx.execute(_TAKE[tx.dialect.name], row).first() is not None


def begin_run(tx: Connection, name: str, now: datetime) -> str:
    """Write down that a run begins and return its id; runs of killed workers are given up."""
    lost = {"of_name": name, "before": now - timedelta(hours=LOST_HOURS), "at": now}
    tx.execute(_LOSE, lost)
    run_id = new_id("run", now)
    row = {"id": run_id, "name": name, "started_at": now, "outcome": "running", "moved": 0}
    tx.execute(_BEGIN, row)
    return run_id


def end_run(
    tx: Connection, run_id: str, now: datetime, moved: int, error: str | None = None
) -> None:
    """Write down how a run ended: what it moved, and the error if there was one."""
    outcome = "failed" if error else "done"
    change = {"of_id": run_id, "to_outcome": outcome, "at": now, "count": moved}
    tx.execute(_END, change | {"text": error[:500] if error else None})


def forget_runs(tx: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` runs, and all slots, older than `before`; return how many runs."""
    tx.execute(_FORGET_SLOTS, {"before": before})
    return tx.execute(_FORGET_RUNS, {"before": before, "most": limit}).rowcount
