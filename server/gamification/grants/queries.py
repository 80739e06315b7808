"""Reading grants."""

from collections.abc import Mapping, Sequence
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
_REASONS = Prepared(select(_G.id, _G.names).where(among(_G.id, "grant_ids")))


def find_grant_row(tx: Connection, member_id: str, ref_kind: str, ref_id: str) -> Any:
    """Return the row of the grant for this reason, or None."""
    asked = {"member_id": member_id, "ref_kind": ref_kind, "ref_id": ref_id}
    return _BY_REASON.first(tx, asked)


def find_grant(tx: Connection, grant_id: str) -> Given | None:
    """Return a grant, None without one."""
    row = tx.execute(_BY_ID, {"grant_id": grant_id}).first()
    return given_of(row) if row else None


def list_reasons(tx: Connection, grant_ids: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """Return for what grants were given, in words by language, by grant."""
    return {row.id: row.names for row in _REASONS.all(tx, {"grant_ids": list(grant_ids)})}


def given_of(row: Any, *, is_repeated: bool = False) -> Given:
    """Build a grant from its row."""
    reason = Reason(row.ref_kind, row.ref_id, row.names, row.activity_id)
    parts = tuple(load_part(stored) for stored in row.parts)
    return Given(row.id, row.member_id, reason, parts, is_repeated)
