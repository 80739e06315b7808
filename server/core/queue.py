"""Work to be done later, once: rows written in the transaction that asks for it.

A worker claims a due row with a lease, does the work, and finishes the row. Each claim is another
attempt; `finish`, `keep` and `give_back` are fenced by it, so that a worker whose lease ran out
changes nothing. A row that failed too often is dead: it stays to be seen and can be queued again.
Work is done at least once, so whatever does it must be safe to repeat.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Connection,
    Index,
    SmallInteger,
    String,
    bindparam,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, Json, UTCDateTime, code
from server.core.db import Base, table_of
from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.wake_up import wake_workers

ATTEMPTS_MAX = 8
LEASE_SECONDS = 60
BACK_OFF_SECONDS = 5
BACK_OFF_SECONDS_MAX = 3600
_OPEN = text("state IN ('queued', 'running')")


class JobRow(Base):
    """One piece of work: when it may start, who has it until when, and how it ended."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'dead')", name="state"),
        CheckConstraint("(state = 'running') = (lease_ends_at IS NOT NULL)", name="lease"),
        CheckConstraint("(state IN ('done', 'dead')) = (finished_at IS NOT NULL)", name="finished"),
        Index("ix_job_due", "run_at", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_job_finished", "finished_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(code(40))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(code(12))
    run_at: Mapped[datetime] = mapped_column(UTCDateTime)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    lease_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(String(500))


JOB = table_of(JobRow)
_J = JOB.c
_ENQUEUE = insert(JOB)
_IS_DUE = or_(
    (_J.state == "queued") & (_J.run_at <= bindparam("at")),
    # So far ahead no lease is given: the clock was wrong and has been set back.
    (_J.state == "running")
    & or_(_J.lease_ends_at <= bindparam("at"), _J.lease_ends_at > bindparam("absurd")),
)
_FIRST_DUE = select(_J.id).where(_IS_DUE).order_by(_J.run_at, _J.id).limit(1)
_PICKED = (
    _FIRST_DUE.with_for_update(skip_locked=True)
    .cte("picked")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_CLAIM = (
    update(JOB)
    .where(_J.id.in_(select(_PICKED.c.id)))
    .values(state="running", attempt=_J.attempt + 1, lease_ends_at=bindparam("until"))
    .returning(_J.id, _J.name, _J.payload, _J.attempt)
)
_MINE = update(JOB).where(
    _J.id == bindparam("of_id"),
    _J.attempt == bindparam("of_attempt"),
    _J.state == "running",
)
_KEEP = _MINE.values(lease_ends_at=bindparam("until"))
_DONE = _MINE.values(state="done", lease_ends_at=None, finished_at=bindparam("at"), error=None)
_FAILED = _MINE.values(
    state=bindparam("next_state"),
    run_at=bindparam("next_at"),
    lease_ends_at=None,
    finished_at=bindparam("end_at"),
    error=bindparam("why"),
)
_NEXT_AT = select(_J.run_at).where(_J.state == "queued").order_by(_J.run_at).limit(1)
_DEAD = select(JOB).where(_J.state == "dead").order_by(_J.finished_at.desc(), _J.id).limit(100)
_REQUEUE = (
    update(JOB)
    .where(_J.id == bindparam("of_id"), _J.state == "dead")
    .values(state="queued", attempt=0, run_at=bindparam("at"), finished_at=None)
)
_OLD = select(_J.id).where(_J.state == "done", _J.finished_at < bindparam("before"))
_FORGET = delete(JOB).where(_J.id.in_(_OLD.limit(bindparam("most")).scalar_subquery()))


class LeaseLost(Exception):  # noqa: N818 - reads as what happened
    """Another worker has the work now; whatever was done in this transaction is undone."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Work that a worker has until its lease runs out."""

    id: str
    name: str
    payload: Mapping[str, Any]
    attempt: int


def enqueue(
    tx: Connection, name: str, payload: Mapping[str, Any], run_at: datetime, now: datetime
) -> str:
    """Ask for work at `run_at` or later, in the transaction of its cause; return its id.

    `payload` is JSON without personal data.
    """
    job_id = new_id("job", now)
    row = {"id": job_id, "name": name, "payload": dict(payload), "state": "queued", "attempt": 0}
    tx.execute(_ENQUEUE, row | {"run_at": run_at, "created_at": now})
    if run_at <= now:
        wake_workers(tx)
    return job_id


def claim(tx: Connection, now: datetime) -> Claimed | None:
    """Lease the work that has been due longest, also after a worker that died; None for none."""
    lease = timedelta(seconds=LEASE_SECONDS)
    row = tx.execute(_CLAIM, {"at": now, "until": now + lease, "absurd": now + 2 * lease}).first()
    return Claimed(**row._mapping) if row else None


def keep(tx: Connection, claimed: Claimed, now: datetime) -> None:
    """Renew the lease from `now` on. Raise `LeaseLost`: the caller rolls back."""
    until = now + timedelta(seconds=LEASE_SECONDS)
    if tx.execute(_KEEP, _fence(claimed) | {"until": until}).rowcount != 1:
        raise LeaseLost(f"{claimed.name} {claimed.id} went to another worker")


def finish(tx: Connection, claimed: Claimed, now: datetime) -> bool:
    """Note that the work is done; False when another worker has it meanwhile."""
    return tx.execute(_DONE, _fence(claimed) | {"at": now}).rowcount == 1


def give_back(tx: Connection, claimed: Claimed, error: str, now: datetime) -> bool:
    """Put failed work back for a later attempt, or among the dead; False as in `finish`."""
    is_dead = claimed.attempt >= ATTEMPTS_MAX
    change = {
        "next_state": "dead" if is_dead else "queued",
        "next_at": now + back_off(claimed.attempt, random.random()),
        "end_at": now if is_dead else None,
        "why": error[:500],
    }
    return tx.execute(_FAILED, _fence(claimed) | change).rowcount == 1


def back_off(attempt: int, dice: float) -> timedelta:
    """Return the pause after a failed attempt: 5 s, then doubled up to an hour.

    `dice`, from 0 to 1, makes it up to a quarter longer, so that what failed together does not
    come again together.
    """
    seconds = min(BACK_OFF_SECONDS * 2 ** min(attempt - 1, 16), BACK_OFF_SECONDS_MAX)
    return timedelta(seconds=seconds * (1 + dice / 4))


def next_run_at(tx: Connection) -> datetime | None:
    """Return when the earliest queued work may start, None when nothing is queued."""
    return tx.execute(_NEXT_AT).scalar()


def list_dead(tx: Connection) -> Sequence[Any]:
    """Return work that failed too often, the newest first, a hundred at most."""
    return tx.execute(_DEAD).all()


def requeue(tx: Connection, job_id: str, now: datetime) -> None:
    """Queue dead work again, with all its attempts. Raise `NotFound`."""
    if tx.execute(_REQUEUE, {"of_id": job_id, "at": now}).rowcount != 1:
        raise NotFound("There is no dead job of this id.")


def forget_done(tx: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` pieces of work that were done before an instant; return how many."""
    return tx.execute(_FORGET, {"before": before, "most": limit}).rowcount


def _fence(claimed: Claimed) -> dict[str, Any]:
    return {"of_id": claimed.id, "of_attempt": claimed.attempt}
