"""How rare badges are: counted for all of them at once, and kept until the next count."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, distinct, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from server.core.columns import UTCDateTime
from server.gamification.badges.models import BADGE_AWARD, BADGE_RARITY
from server.gamification.members.models import MEMBER

_A = BADGE_AWARD.c
_ACTIVE = select(func.count()).where(MEMBER.c.status == "active").scalar_subquery()
_COUNTED = (
    select(
        _A.badge_id,
        _A.level,
        func.count(distinct(_A.member_id)),
        _ACTIVE,
        bindparam("at", type_=UTCDateTime()),
    )
    .join(MEMBER, MEMBER.c.id == _A.member_id)
    .where(
        MEMBER.c.status == "active",
        _A.revoked_at.is_(None),
        or_(_A.expires_at.is_(None), _A.expires_at > bindparam("at", type_=UTCDateTime())),
    )
    .group_by(_A.badge_id, _A.level)
)


def _count(dialect: Any) -> Any:
    """Count all levels into the emptied table; somebody who counted at the same time was first."""
    columns = ["badge_id", "level", "holders", "members", "counted_at"]
    counted = dialect.insert(BADGE_RARITY).from_select(columns, _COUNTED)
    return counted.on_conflict_do_nothing().returning(BADGE_RARITY.c.badge_id)


_COUNT = {"postgresql": _count(postgresql), "sqlite": _count(sqlite)}
_FORGET = delete(BADGE_RARITY)


def count_rarity(tx: Connection, now: datetime) -> int:
    """Count anew who holds each level of each badge; return how many levels somebody holds.

    One statement counts and writes; readers see the old numbers or the new ones.
    """
    tx.execute(_FORGET)
    return len(tx.execute(_COUNT[tx.dialect.name], {"at": now}).all())
