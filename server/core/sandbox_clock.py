"""The test clock: in test mode the whole installation can be moved forward in time.

Every process adds the stored offset to the machine's clock. In other modes nothing is read and
nothing is added. While there is no test clock its absence is looked at ten times a second only.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app, has_app_context
from sqlalchemy import (
    CheckConstraint,
    Connection,
    Select,
    SmallInteger,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from server.core import clock
from server.core.columns import Amount, Id, Json, UTCDateTime, code
from server.core.db import Base, reading, table_of
from server.core.errors import NotFound, Refusal
from server.core.ids import new_id
from server.core.installation import installation
from server.core.queue import enqueue

ADVANCE = "advance_test_clock"
"""The name of the queued work that moves the clock."""
LOOK_SECONDS = 0.1
YEARS_MAX = 2
_KEY = "fairstar.test_clock"


class SandboxClosed(Refusal):
    """The installation does not run in test mode, so it has no sandbox."""

    code, status, title = "sandbox_closed", 404, "There is no sandbox here"


class ClockNotForward(Refusal):
    """A test clock moves forward only, and by two years at most at a time."""

    code, status, title = "clock_not_forward", 409, "The clock cannot be moved there"


class ClockBusy(Refusal):
    """The test clock is on its way; wait until it is ready."""

    code, status, title = "clock_busy", 409, "The clock is being moved"
    retryable, stored = True, False


class ClockInUse(Refusal):
    """Something happened later than the machine's own time, so the clock cannot go back to it."""

    code, status, title = "clock_in_use", 409, "The clock cannot go back"


class SandboxClockRow(Base):
    """The one test clock: how far ahead it is, where it goes, and what fired on the way."""

    __tablename__ = "test_clock"
    __table_args__ = (
        CheckConstraint("single = 1", name="single"),
        CheckConstraint("status IN ('ready', 'advancing')", name="status"),
        CheckConstraint("(status = 'advancing') = (target_at IS NOT NULL)", name="target"),
        CheckConstraint("offset_us >= 0", name="offset"),
    )

    single: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(Id)
    offset_us: Mapped[int] = mapped_column(Amount)
    status: Mapped[str] = mapped_column(code(12))
    target_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fired: Mapped[list[Any]] = mapped_column(Json)


SANDBOX_CLOCK = table_of(SandboxClockRow)
_C = SANDBOX_CLOCK.c
_ROW: Select[Any] = select(SANDBOX_CLOCK)
_LOCKED = _ROW.with_for_update()
_MOVE = update(SANDBOX_CLOCK).values(
    offset_us=bindparam("new_offset"),
    status=bindparam("new_status"),
    target_at=bindparam("new_target"),
    fired=bindparam("new_fired"),
)


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """The test clock as stored; `fired` is what happened during the last move, in order."""

    id: str
    offset: timedelta
    target_at: datetime | None
    fired: list[dict[str, Any]]

    @property
    def status(self) -> str:
        """Whether it stands where it was sent (`ready`) or is on its way (`advancing`)."""
        return "advancing" if self.target_at else "ready"

    @property
    def now(self) -> datetime:
        """The instant that it shows."""
        return clock.machine_now() + self.offset


def refuse_outside_test_mode() -> None:
    """Raise `SandboxClosed` unless the installation runs in test mode."""
    if installation().settings.mode != "test":
        raise SandboxClosed("The clock moves in test mode only: FAIRSTAR_MODE=test.")


def _insert(dialect: Any) -> Any:
    return dialect.insert(SANDBOX_CLOCK).on_conflict_do_nothing()


_CREATE = {"postgresql": _insert(postgresql), "sqlite": _insert(sqlite)}


def create_clock(tx: Connection) -> SandboxClock:
    """Make the test clock, showing the machine's time; return it, also when it is there."""
    row = {"single": 1, "id": new_id("tck", clock.machine_now()), "offset_us": 0}
    tx.execute(_CREATE[tx.dialect.name], row | {"status": "ready", "fired": []})
    _look_again()
    return get_clock(tx)


def find_clock(tx: Connection) -> SandboxClock | None:
    """Return the test clock, None without one."""
    row = tx.execute(_ROW).first()
    return _clock_of(row) if row else None


def get_clock(tx: Connection, clock_id: str | None = None) -> SandboxClock:
    """Return the test clock. Raise `NotFound` without one or when it has another id."""
    return _checked(tx.execute(_ROW).first(), clock_id)


def lock_clock(tx: Connection, clock_id: str | None = None) -> SandboxClock:
    """Return the test clock and keep others from moving it. Raise `NotFound`."""
    return _checked(tx.execute(_LOCKED).first(), clock_id)


def _checked(row: Any, clock_id: str | None) -> SandboxClock:
    if row is None or clock_id not in (None, row.id):
        raise NotFound("There is no such test clock.")
    return _clock_of(row)


def _clock_of(row: Any) -> SandboxClock:
    return SandboxClock(row.id, timedelta(microseconds=row.offset_us), row.target_at, row.fired)


def send_clock(
    tx: Connection, clock_id: str | None, target_at: datetime, now: datetime
) -> SandboxClock:
    """Set where the clock goes; a worker moves it there. Return it as it is then.

    Raise `NotFound`, `ClockBusy`, `ClockNotForward`.
    """
    found = lock_clock(tx, clock_id)
    if found.target_at is not None:
        raise ClockBusy
    if not now < target_at <= now + timedelta(days=366 * YEARS_MAX):
        raise ClockNotForward("Name an instant after now and within two years of it.")
    enqueue(tx, ADVANCE, {}, now, now)
    return save_clock(tx, SandboxClock(found.id, found.offset, target_at, []))


def save_clock(tx: Connection, moved: SandboxClock) -> SandboxClock:
    """Store the clock as it is now and return it."""
    values = {
        "new_offset": moved.offset // timedelta(microseconds=1),
        "new_status": moved.status,
        "new_target": moved.target_at,
        "new_fired": moved.fired,
    }
    tx.execute(_MOVE, values)
    _look_again()
    return moved


def remove_clock(tx: Connection, clock_id: str | None, last_at: datetime | None) -> None:
    """Go back to the machine's time. `last_at` is the latest instant at which anything happened.

    Raise `NotFound`, `ClockBusy`, `ClockInUse`.
    """
    found = lock_clock(tx, clock_id)
    if found.target_at is not None:
        raise ClockBusy
    if last_at is not None and last_at > clock.machine_now():
        raise ClockInUse(f"Something happened at {clock.rfc3339(last_at)}.")
    tx.execute(delete(SANDBOX_CLOCK))


class _Offset:
    """The offset as this process knows it."""

    def __init__(self) -> None:
        self.is_there = True
        self.known = timedelta()
        self.looked_at = 0.0

    def read(self) -> timedelta:
        """Return the stored offset, the last known while the database cannot be read."""
        if not self.is_there and time.monotonic() - self.looked_at < LOOK_SECONDS:
            return self.known
        with suppress(SQLAlchemyError), reading() as tx:
            found = find_clock(tx)
            self.is_there, self.looked_at = found is not None, time.monotonic()
            self.known = found.offset if found else timedelta()
        return self.known


def install_sandbox_clock(app: Flask) -> None:
    """Let `app`, which runs in test mode, follow its test clock."""
    app.extensions[_KEY] = _Offset()
    clock.follow(_offset_here)


def _look_again() -> None:
    """Let this process read the clock the next time, however shortly ago there was none."""
    offset = current_app.extensions.get(_KEY)
    if offset is not None:
        offset.is_there = True


def _offset_here() -> timedelta:
    offset = current_app.extensions.get(_KEY) if has_app_context() else None
    return offset.read() if offset is not None else timedelta()
