"""Counting what capped rules have given."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from server.core.statements import Prepared
from server.gamification.earning.models import EARN_COUNTER
from server.gamification.earning.types import Accrual


def _upsert(dialect: Any) -> Any:
    statement = dialect.insert(EARN_COUNTER)
    total = EARN_COUNTER.c.points + statement.excluded.points
    keys = ["member_id", "cap_key"]
    return statement.on_conflict_do_update(index_elements=keys, set_={"points": total})


_ADD = Prepared(_upsert(postgresql), sqlite=_upsert(sqlite))
_TAKE = (
    update(EARN_COUNTER)
    .where(
        EARN_COUNTER.c.member_id == bindparam("member"),
        EARN_COUNTER.c.cap_key == bindparam("key"),
        EARN_COUNTER.c.points >= bindparam("less"),
    )
    .values(points=EARN_COUNTER.c.points - bindparam("less"))
)


def count_accruals(tx: Connection, accruals: Iterable[tuple[str, Accrual]]) -> None:
    """Add capped accruals, given as `(member_id, accrual)`, to their members' counters."""
    totals: dict[tuple[str, str], int] = {}
    for member_id, accrual in accruals:
        if accrual.cap_key:
            key = (member_id, accrual.cap_key)
            totals[key] = totals.get(key, 0) + accrual.points
    rows = [
        {"member_id": member, "cap_key": key, "points": points}
        for (member, key), points in sorted(totals.items())
    ]
    _ADD.run(tx, rows)


def uncount(tx: Connection, member_id: str, cap_key: str, points: int) -> None:
    """Give `points` of a cap back after a return; too late to matter once the period is over."""
    tx.execute(_TAKE, {"member": member_id, "key": cap_key, "less": points})
