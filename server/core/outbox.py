"""The outbox: what must leave this process, written in the transaction that causes it.

A relay claims ready rows with a lease, delivers them, and finishes them. A lease that ran out may
be claimed again; `finish` is fenced by worker and attempt, so a late worker changes nothing.
Delivery is at least once: receivers tell messages apart by their id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Connection,
    Index,
    SmallInteger,
    Text,
    bindparam,
    delete,
    insert,
    null,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, Json, UTCDateTime, code
from server.core.db import Base, table_of
from server.core.ids import first_id, new_id
from server.core.statements import Prepared

ATTEMPTS_MAX = 12
BACK_OFF_SECONDS = 5
BACK_OFF_SECONDS_MAX = 6 * 3600


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `topic` is `noun.verbed`, `payload` JSON without personal data."""

    topic: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    member_id: str | None = None
    available_at: datetime | None = None


class OutboxRow(Base):
    """One event on its way out."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state IN ('ready', 'delivered', 'dead')", name="state"),
        Index(
            "ix_outbox_ready",
            "available_at",
            "id",
            postgresql_where=text("state = 'ready'"),
            sqlite_where=text("state = 'ready'"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    topic: Mapped[str] = mapped_column(code(64))
    member_id: Mapped[str | None] = mapped_column(Id)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    available_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(code(12))
    attempts: Mapped[int] = mapped_column(SmallInteger)
    lease_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    worker: Mapped[str | None] = mapped_column(code(64))
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)


OUTBOX = table_of(OutboxRow)
_RECORD = Prepared(insert(OUTBOX))
_CLAIMABLE = (
    select(OUTBOX.c.id)
    .where(
        OUTBOX.c.state == "ready",
        OUTBOX.c.available_at <= bindparam("at"),
        (OUTBOX.c.lease_ends_at.is_(None)) | (OUTBOX.c.lease_ends_at <= bindparam("at")),
    )
    .order_by(OUTBOX.c.available_at, OUTBOX.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
# A common table expression runs once; as a plain subquery it may run again and pass its limit.
_PICKED = _CLAIMABLE.cte("picked").prefix_with("MATERIALIZED", dialect="postgresql")
_CLAIM = (
    update(OUTBOX)
    .where(OUTBOX.c.id.in_(select(_PICKED.c.id)))
    .values(
        worker=bindparam("by"), lease_ends_at=bindparam("until"), attempts=OUTBOX.c.attempts + 1
    )
    .returning(
        OUTBOX.c.id,
        OUTBOX.c.topic,
        OUTBOX.c.member_id,
        OUTBOX.c.payload,
        OUTBOX.c.created_at,
        OUTBOX.c.attempts.label("attempt"),
    )
)
_MINE = update(OUTBOX).where(
    OUTBOX.c.id == bindparam("row_id"),
    OUTBOX.c.worker == bindparam("by"),
    OUTBOX.c.attempts == bindparam("attempt"),
    OUTBOX.c.state == "ready",
)
_DELIVERED = _MINE.values(
    state="delivered", delivered_at=bindparam("at"), lease_ends_at=null(), last_error=null()
)
_DELIVERED_ALL = Prepared(_DELIVERED)
_FAILED = _MINE.values(
    state=bindparam("next_state"),
    available_at=bindparam("next_at"),
    lease_ends_at=None,
    last_error=bindparam("error"),
)
# Ids sort by time: the oldest rows are found by the key alone.
_OLD = (
    select(OUTBOX.c.id)
    .where(OUTBOX.c.id < bindparam("before_id"), OUTBOX.c.state == "delivered")
    .order_by(OUTBOX.c.id)
    .limit(bindparam("most"))
)
_FORGET = delete(OUTBOX).where(OUTBOX.c.id.in_(_OLD.scalar_subquery()))


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that a worker holds until its lease runs out."""

    id: str
    topic: str
    member_id: str | None
    payload: dict[str, Any]
    created_at: datetime
    attempt: int
    worker: str


def record(tx: Connection, events: Sequence[Event], *, now: datetime) -> None:
    """Write `events` to the outbox in one statement; their ids sort in the order given."""
    if events:
        ids = sorted(new_id("evt", now) for _ in events)
        _RECORD.run(tx, [_row(*pair, now) for pair in zip(ids, events, strict=True)])


def claim(
    tx: Connection, worker: str, *, now: datetime, limit: int = 50, lease_seconds: int = 60
) -> list[Claimed]:
    """Lease up to `limit` ready rows to `worker`, oldest first."""
    until = now + timedelta(seconds=lease_seconds)
    rows = tx.execute(_CLAIM, {"by": worker, "at": now, "until": until, "most": limit}).all()
    claimed = [Claimed(**row._mapping, worker=worker) for row in rows]
    return sorted(claimed, key=lambda item: item.id)


def finish(tx: Connection, claimed: Claimed, *, now: datetime) -> bool:
    """Mark a claimed row delivered; False when the lease went to another worker meanwhile."""
    return tx.execute(_DELIVERED, _fence(claimed) | {"at": now}).rowcount == 1


def finish_all(tx: Connection, claimed: Sequence[Claimed], *, now: datetime) -> None:
    """Mark rows delivered that were claimed in this transaction, with one statement."""
    _DELIVERED_ALL.run(tx, [_fence(one) | {"at": now} for one in claimed])


def give_back(
    tx: Connection, claimed: Claimed, error: str, *, now: datetime, permanent: bool = False
) -> bool:
    """Put a claimed row back for a later attempt, or among the dead ones; False as in `finish`."""
    dead = permanent or claimed.attempt >= ATTEMPTS_MAX
    values = {
        "next_state": "dead" if dead else "ready",
        "next_at": now + back_off(claimed.attempt),
        "error": error[:500],
    }
    return tx.execute(_FAILED, _fence(claimed) | values).rowcount == 1


def forget_delivered(tx: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` delivered rows that were recorded before an instant; return how many.

    What waits or is dead stays, however old it is.
    """
    of = {"before_id": first_id("evt", before), "most": limit}
    return tx.execute(_FORGET, of).rowcount


def back_off(attempt: int) -> timedelta:
    """Return the pause after a failed attempt: 5 s, then doubled up to six hours."""
    seconds = BACK_OFF_SECONDS * 2 ** min(attempt - 1, 16)
    return timedelta(seconds=min(seconds, BACK_OFF_SECONDS_MAX))


def _row(row_id: str, event: Event, now: datetime) -> dict[str, Any]:
    return {
        "id": row_id,
        "topic": event.topic,
        "member_id": event.member_id,
        "payload": dict(event.payload),
        "created_at": now,
        "available_at": event.available_at or now,
        "state": "ready",
        "attempts": 0,
    }


def _fence(claimed: Claimed) -> dict[str, Any]:
    return {"row_id": claimed.id, "by": claimed.worker, "attempt": claimed.attempt}
