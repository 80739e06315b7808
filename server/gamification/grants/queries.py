"""Reading grants."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.core.columns import among
from server.core.statements import Prepared
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.grants.types import Given, Reason, load_part

_G = BENEFIT_GRANT.c
_BY_REASON = Prepared(
    select(BENEFIT_GRANT).where(
        _G.member_id == bindparam("member_id"),
        _G.ref_kind == bindparam("ref_kind"),
        _G.ref_id == bindparam("ref_id"),
    )
)
_BY_ID = select(BENEFIT_GRANT).where(_G.id == bindparam("grant_id"))
_BY_ACTIVITIES = Prepared(
    select(BENEFIT_GRANT).where(among(_G.activity_id, "activity_ids")).order_by(_G.given_at, _G.id)
)


def find_grant_row(tx: Connection, member_id: str, ref_kind: str, ref_id: str) -> Any:
    """Return the row of the grant for this reason, or None."""
    asked = {"member_id": member_id, "ref_kind": ref_kind, "ref_id": ref_id}
    return _BY_REASON.first(tx, asked)


def find_grant(tx: Connection, grant_id: str) -> Given | None:
    """Return a grant, None without one."""
    row = tx.execute(_BY_ID, {"grant_id": grant_id}).first()
    return given_of(row) if row else None


def grants_of(tx: Connection, activity_ids: Sequence[str]) -> dict[str, list[Given]]:
    """Return what activities brought about besides what they earned, by activity."""
    found: dict[str, list[Given]] = {}
    for row in _BY_ACTIVITIES.all(tx, {"activity_ids": list(activity_ids)}):
        found.setdefault(row.activity_id, []).append(given_of(row))
    return found


def given_of(row: Any, *, is_repeated: bool = False) -> Given:
    """Build a grant from its row."""
    reason = Reason(row.ref_kind, row.ref_id, row.names, row.activity_id)
    parts = tuple(load_part(stored) for stored in row.parts)
    return Given(row.id, row.member_id, reason, parts, is_repeated)
