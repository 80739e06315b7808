"""Reading streaks: what is in force, and where members' runs are."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select

from server.core.columns import among
from server.core.statements import Later, Prepared
from server.gamification.definitions.queries import Published, get_definition
from server.gamification.programme.queries import get_programme
from server.gamification.streaks.models import (
    STREAK_CONTRIBUTION,
    STREAK_GAP,
    STREAK_MILESTONE,
    STREAK_RUN,
)
from server.gamification.streaks.settings import STREAKS
from server.gamification.streaks.types import Calendar, GapKind, History, Run, Streak

PUBLISHED = Published(STREAKS)
_S, _C, _G, _M = (
    table.c for table in (STREAK_RUN, STREAK_CONTRIBUTION, STREAK_GAP, STREAK_MILESTONE)
)
_RUNS = Prepared(
    select(*(_S[name] for name in Run.__dataclass_fields__))
    .where(among(_S.member_id, "member_ids"), among(_S.streak_id, "streak_ids"))
    .order_by(_S.member_id, _S.streak_id)
)
_COUNTED = (
    select(_C.period_on)
    .where(
        _C.member_id == bindparam("member_id"),
        _C.streak_id == bindparam("streak_id"),
        _C.period_on >= bindparam("from_on"),
    )
    .distinct()
)
_GAPS = select(_G.period_on, _G.kind).where(
    _G.member_id == bindparam("member_id"),
    _G.streak_id == bindparam("streak_id"),
    _G.period_on >= bindparam("from_on"),
)
_OF_ACTIVITY = Prepared(
    select(_C.member_id, _C.streak_id, _C.period_on)
    .where(_C.activity_id == bindparam("activity_id"))
    .order_by(_C.streak_id)
)
_GIVEN = (
    select(_M.id, _M.level, _M.period_on)
    .where(
        and_(_M.member_id == bindparam("member_id"), _M.streak_id == bindparam("streak_id")),
        _M.state == "given",
    )
    .order_by(_M.period_on.desc(), _M.id.desc())
)


def ask_runs(
    tx: Connection, member_ids: Sequence[str], streak_ids: Sequence[str]
) -> Later[dict[str, tuple[Run, ...]]]:
    """Ask for the runs of members in these streaks, by member."""
    sent = _RUNS.send(tx, {"member_ids": list(member_ids), "streak_ids": list(streak_ids)})

    def read() -> dict[str, tuple[Run, ...]]:
        found: dict[str, list[Run]] = {}
        for row in sent.all():
            found.setdefault(row.member_id, []).append(Run(*row))
        return {member_id: tuple(runs) for member_id, runs in found.items()}

    return read


def find_run(tx: Connection, member_id: str, streak_id: str) -> Run | None:
    """Return the run of a member in a streak, None before the first activity."""
    runs = ask_runs(tx, [member_id], [streak_id])().get(member_id, ())
    return runs[0] if runs else None


def get_history(tx: Connection, key: tuple[str, str], from_on: date = date.min) -> History:
    """Return the periods with activities and the gaps of a member in a streak, from a day on."""
    asked = {"member_id": key[0], "streak_id": key[1], "from_on": from_on}
    counted = frozenset(tx.execute(_COUNTED, asked).scalars())
    gaps = {row.period_on: GapKind(row.kind) for row in tx.execute(_GAPS, asked)}
    return History(counted, gaps)


def periods_of_activity(tx: Connection, activity_id: str) -> list[tuple[str, str, date]]:
    """Return where an activity counts: member, streak and period."""
    return [tuple(row) for row in _OF_ACTIVITY.all(tx, {"activity_id": activity_id})]


def list_given(tx: Connection, key: tuple[str, str]) -> list[Any]:
    """Return the milestones that a member was given and has, the latest first."""
    return [*tx.execute(_GIVEN, {"member_id": key[0], "streak_id": key[1]})]


def get_streak(tx: Connection, streak_id: str) -> Streak:
    """Return a streak as configured now, in whatever state. Raise `DefinitionUnknown`."""
    found = get_definition(tx, STREAKS.name, streak_id)
    return STREAKS.read(found.id, found.key, found.settings)


def get_calendar(tx: Connection, revision: str | None = None) -> Calendar:
    """Return the programme's zone and closed days at `revision`, by default the one in force."""
    programme = get_programme(tx, revision)
    return Calendar(programme.zone, programme.policies.closed_days)
