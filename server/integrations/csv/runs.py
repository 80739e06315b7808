"""Import runs: begun or taken up again, moved on with each batch, finished."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from server.core.ids import new_id
from server.integrations.csv.errors import ImportBusy
from server.integrations.csv.models import IMPORT_REFUSAL, IMPORT_RUN
from server.integrations.csv.types import Plan, Rejection, RunState, Tally

KIND = "purchases"
REFUSALS_KEPT_DAYS = 90
_R = IMPORT_RUN.c
_TALLY = tuple(Tally.__dataclass_fields__)
_UNFINISHED = (
    select(IMPORT_RUN)
    .where(_R.file_sha256 == bindparam("sha256"), _R.kind == KIND)
    .where(_R.state == RunState.RUNNING.value)
    .order_by(_R.started_at, _R.id)
)
_BEGIN = insert(IMPORT_RUN)
_MOVE_ON = (
    update(IMPORT_RUN)
    .where(_R.id == bindparam("of_id"), _R.done == bindparam("done_before"))
    .where(_R.state == RunState.RUNNING.value)
    .values(done=bindparam("new_done"), **{n: _R[n] + bindparam(f"more_{n}") for n in _TALLY})
    .returning(_R.id)
)
_FINISH = (
    update(IMPORT_RUN)
    .where(_R.id == bindparam("of_id"), _R.state == RunState.RUNNING.value)
    .values(state=RunState.FINISHED.value, finished_at=bindparam("at"))
)
_GET = select(IMPORT_RUN).where(_R.id == bindparam("id"))
_REFUSE = insert(IMPORT_REFUSAL)
_REFUSALS = (
    select(IMPORT_REFUSAL)
    .where(IMPORT_REFUSAL.c.run_id == bindparam("run_id"))
    .order_by(IMPORT_REFUSAL.c.record)
)
_OLD_RUNS = select(_R.id).where(_R.finished_at < bindparam("before")).scalar_subquery()
_FORGET = delete(IMPORT_REFUSAL).where(IMPORT_REFUSAL.c.run_id.in_(_OLD_RUNS))


@dataclass(frozen=True, slots=True)
class Run:
    """An import run as stored."""

    id: str
    done: int
    total: int
    tally: Tally


def begin_run(tx: Connection, plan: Plan, now: datetime) -> Run:
    """Return the unfinished run of the same file read in the same way, or begin a new one."""
    for row in tx.execute(_UNFINISHED, {"sha256": plan.sha256}):
        if row.mapping == dict(plan.mapping):
            return _run_of(row)
    fresh = {
        "id": new_id("imp", now),
        "kind": KIND,
        "name": plan.name[-255:],
        "file_sha256": plan.sha256,
        "mapping": dict(plan.mapping),
        "state": RunState.RUNNING,
        "total": plan.total,
        "done": 0,
        "started_at": now,
        "finished_at": None,
    }
    tx.execute(_BEGIN, fresh | asdict(Tally()))
    return Run(str(fresh["id"]), 0, plan.total, Tally())


def move_on(tx: Connection, run: Run, tally: Tally, rejections: Sequence[Rejection]) -> Run:
    """Count a batch in; return the run after it.

    Raises ImportBusy when another process has moved the run since `run` was read.
    """
    done = run.done + tally.posted + tally.duplicate + tally.refused
    keys = {"of_id": run.id, "done_before": run.done, "new_done": done}
    more = {f"more_{name}": value for name, value in asdict(tally).items()}
    if tx.execute(_MOVE_ON, keys | more).first() is None:
        raise ImportBusy("Another process imports this file; wait for it to end.")
    if rejections:
        tx.execute(_REFUSE, [_refusal_row(run.id, rejection) for rejection in rejections])
    return get_run(tx, run.id)


def finish_run(tx: Connection, run: Run, now: datetime) -> None:
    """Mark a run whose last row is done."""
    tx.execute(_FINISH, {"of_id": run.id, "at": now})


def get_run(tx: Connection, run_id: str) -> Run:
    """Return a run by its id, which must exist."""
    return _run_of(tx.execute(_GET, {"id": run_id}).one())


def list_refusals(tx: Connection, run_id: str) -> Iterator[Rejection]:
    """Yield the refused rows of a run in the order of the file."""
    for row in tx.execute(_REFUSALS, {"run_id": run_id}):
        yield Rejection(row.record, row.line, row.fix, row.field, row.reason)


def forget_refusals(tx: Connection, now: datetime) -> int:
    """Delete the refused rows of runs that finished long ago; return how many."""
    before = now - timedelta(days=REFUSALS_KEPT_DAYS)
    return tx.execute(_FORGET, {"before": before}).rowcount


def _run_of(row: Any) -> Run:
    tally = Tally(**{name: getattr(row, name) for name in _TALLY})
    return Run(row.id, row.done, row.total, tally)


def _refusal_row(run_id: str, rejection: Rejection) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "record": rejection.record,
        "line": rejection.line,
        "fix": rejection.code,
        "field": rejection.field,
        "reason": rejection.reason[:200],
    }
