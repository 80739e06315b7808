"""Finding those whose day may have come."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, bindparam, extract, func, select

from server.core.clock import end_of_day, local_date
from server.gamification.greetings.models import GREETING_START, YEARLY_GRANT
from server.gamification.greetings.rules import LATE_DAYS_MAX, YEAR_DAYS, codes_between
from server.gamification.greetings.types import Candidate, GreetingKind
from server.gamification.members.models import MEMBER
from server.gamification.members.types import Status

_M, _Y = MEMBER.c, YEARLY_GRANT.c
_DAY = timedelta(days=1)
_STARTS = select(GREETING_START)
_ZONES = select(_M.zone).distinct()
_LAST_ON = (
    select(func.max(_Y.due_on))
    .where(_Y.member_id == _M.id, _Y.kind == bindparam("of_kind"))
    .scalar_subquery()
)
_COLUMNS = (_M.id, _M.status, _M.birthday, _M.zone, _M.created_at, _LAST_ON.label("last_on"))
_OF_MEMBERS = select(*_COLUMNS).where(_M.id.in_(bindparam("ids", expanding=True)))


def _near(column: ColumnElement[Any]) -> Select[str]:
    """Select active members whose day of the year is near and who were not greeted for it."""
    code = extract("month", column) * 100 + extract("day", column)
    greeted = select(_Y.member_id).where(
        _Y.member_id == _M.id, _Y.kind == bindparam("of_kind"), _Y.due_on > bindparam("recent_on")
    )
    return (
        select(_M.id)
        .where(
            _M.status == str(Status.ACTIVE),
            code.in_(bindparam("codes", expanding=True)),
            ~greeted.exists(),
            _M.id > bindparam("after_id"),
        )
        .order_by(_M.id)
        .limit(bindparam("most"))
    )


_NEAR = {
    GreetingKind.BIRTHDAY: _near(_M.birthday),
    GreetingKind.ANNIVERSARY: _near(_M.created_at),
}


def page_of_near(
    tx: Connection, kind: GreetingKind, now: datetime, after_id: str, limit: int
) -> Sequence[str]:
    """Return the ids of members whose day may have come somewhere on earth, in order of id.

    It is a coarse choice by Greenwich's calendar; `due_on` decides. It reads all members once.
    """
    today = now.date()
    asked = {
        "of_kind": str(kind),
        "codes": codes_between(today - (LATE_DAYS_MAX + 2) * _DAY, today + 2 * _DAY),
        "recent_on": today - (YEAR_DAYS - LATE_DAYS_MAX - 2) * _DAY,
    }
    return tx.execute(_NEAR[kind], asked | {"after_id": after_id, "most": limit}).scalars().all()


def starts(tx: Connection) -> Mapping[str, date]:
    """Return since when each kind of greeting is given."""
    return {row.kind: row.since_on for row in tx.execute(_STARTS)}


def candidates(
    tx: Connection, kind: GreetingKind, ids: Sequence[str], zone: ZoneInfo, now: datetime
) -> list[Candidate]:
    """Return the active ones of these members with what decides; `zone` is the programme's."""
    since_on = starts(tx).get(kind)
    if since_on is None:
        return []
    rows = tx.execute(_OF_MEMBERS, {"of_kind": str(kind), "ids": list(ids)})
    return [_candidate(row, zone, now, since_on) for row in rows if row.status == Status.ACTIVE]


def _candidate(row: Any, zone: ZoneInfo, now: datetime, since_on: date) -> Candidate:
    own = ZoneInfo(row.zone) if row.zone else zone
    joined_on, today = local_date(row.created_at, own), local_date(now, own)
    return Candidate(row.id, row.birthday, joined_on, today, since_on, row.last_on)


def next_midnight(tx: Connection, zone: ZoneInfo, now: datetime) -> datetime:
    """Return when the next day begins for any member, or for the programme."""
    zones = {ZoneInfo(name) for name in tx.execute(_ZONES).scalars() if name} | {zone}
    return min(end_of_day(local_date(now, one), one) for one in zones)
