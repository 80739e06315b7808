"""Giving a badge to those who have earned it before it was there, and how many that would be.

Members are looked at in pages, in the order of their ids, so memory stays flat. A page and how far
it got commit together: whoever goes on after a crash begins with the next page, and a page done
twice gives nothing twice, since what is held is read under the members' locks.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, insert, select, update

from server.core.clock import local_date
from server.core.ids import new_id
from server.gamification.badges.errors import BadgeNotBackfillable
from server.gamification.badges.models import BADGE_BACKFILL
from server.gamification.badges.queries import ask_held, get_badge, get_badges
from server.gamification.badges.rules import due_awards
from server.gamification.badges.service import new_awards, save_awards
from server.gamification.badges.subjects import load_subjects
from server.gamification.badges.types import Award, Badge, Due, Origin, Source
from server.gamification.ledger.queries import lock_wallets
from server.gamification.ledger.service import create_wallets
from server.gamification.members.models import MEMBER
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import POINTS, Programme

PAGE = 500
_B = BADGE_BACKFILL.c
_IDS = (
    select(MEMBER.c.id)
    .where(MEMBER.c.status == "active", MEMBER.c.id > bindparam("after_id"))
    .order_by(MEMBER.c.id)
    .limit(bindparam("most", type_=Integer))
)
_BEGIN = insert(BADGE_BACKFILL)
_OPEN = select(BADGE_BACKFILL).where(_B.id == bindparam("of_id"), _B.finished_at.is_(None))
_MOVE_ON = (
    update(BADGE_BACKFILL)
    .where(_B.id == bindparam("of_id"))
    .values(
        after_id=bindparam("last_id"),
        looked_at=_B.looked_at + bindparam("looked", type_=Integer),
        awarded=_B.awarded + bindparam("given", type_=Integer),
        finished_at=bindparam("end_at"),
    )
)


@dataclass(frozen=True, slots=True)
class Preview:
    """How many members would earn a badge now, and how many each of its levels."""

    looked_at: int
    members: int
    levels: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Step:
    """One page of a back-fill: the awards made, and whether there are more members."""

    awards: tuple[Award, ...]
    is_finished: bool


def preview_backfill(tx: Connection, badge_id: str, now: datetime) -> Preview:
    """Count who would earn a badge now; nothing is written, nobody is locked.

    Raise `BadgeUnknown`, `BadgeNotBackfillable`.
    """
    programme = get_programme(tx)
    badge = checked(get_badge(tx, programme.revision, badge_id))
    levels: Counter[int] = Counter()
    looked_at, members, after_id = 0, 0, ""
    while ids := _page(tx, after_id):
        found = _due(tx, badge, ids, programme, now)
        looked_at, members, after_id = looked_at + len(ids), members + len(found), ids[-1]
        levels.update(one.level.number for due in found.values() for one in due)
    return Preview(looked_at, members, dict(sorted(levels.items())))


def checked(badge: Badge) -> Badge:
    """Return a badge that counters can decide about. Raise `BadgeNotBackfillable`."""
    if any(level.of_activity for level in badge.levels):
        raise BadgeNotBackfillable
    return badge


def begin_backfill(tx: Connection, badge_id: str, actor: str, now: datetime) -> str:
    """Note that a badge is to be given to all who have earned it; return the back-fill's id.

    Raise `BadgeUnknown`, `BadgeNotBackfillable`.
    """
    badge = checked(get_badge(tx, get_programme(tx).revision, badge_id))
    new = new_id("bbf", now)
    row = {"id": new, "badge_id": badge.id, "actor": actor, "after_id": "", "looked_at": 0}
    tx.execute(_BEGIN, row | {"awarded": 0, "started_at": now, "finished_at": None})
    return new


def backfill(tx: Connection, backfill_id: str, now: datetime, limit: int = PAGE) -> Step:
    """Look at the next members of a back-fill and give them the badge; call it until it is
    finished, in a transaction each. The awards' benefits are still to be given.

    Raise `BadgeUnknown` when the badge is no longer in force.
    """
    row = tx.execute(_OPEN.with_for_update(), {"of_id": backfill_id}).first()
    if row is None:
        return Step((), is_finished=True)
    programme = get_programme(tx)
    badge = get_badge(tx, programme.revision, row.badge_id)
    ids = _page(tx, row.after_id, limit)
    create_wallets(tx, ids, POINTS, now)
    lock_wallets(tx, ids, POINTS)
    due = _due(tx, badge, ids, programme, now)
    awards = _awards(due, Origin(Source.BACKFILL, row.actor), programme, now)
    save_awards(tx, awards, now)
    is_finished = len(ids) < limit
    change: dict[str, Any] = {"of_id": row.id, "last_id": ids[-1] if ids else row.after_id}
    change |= {"looked": len(ids), "given": len(awards), "end_at": now if is_finished else None}
    tx.execute(_MOVE_ON, change)
    return Step(tuple(awards), is_finished)


def _awards(
    due: Mapping[str, Sequence[Due]], origin: Origin, programme: Programme, now: datetime
) -> list[Award]:
    return [
        award
        for member_id, found in due.items()
        for award in new_awards(member_id, found, origin, programme.zone, now)
    ]


def _page(tx: Connection, after_id: str, limit: int = PAGE) -> list[str]:
    return list(tx.execute(_IDS, {"after_id": after_id, "most": limit}).scalars())


def _due(
    tx: Connection, badge: Badge, ids: Sequence[str], programme: Programme, now: datetime
) -> dict[str, list[Due]]:
    """Return what is due of one badge to each of these members, none for those without."""
    held = ask_held(tx, ids, [local_date(now, programme.zone)])()
    others = [one for one in get_badges(tx, programme.revision) if one.id != badge.id]
    subjects = load_subjects(tx, ids, programme.revision, now)
    found = {}
    for member_id, who in subjects.items():
        mine = held.get(member_id, ())
        due = due_awards([badge], who, mine, now, others)
        if due:
            found[member_id] = due
    return found
