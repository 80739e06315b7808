"""Reading what people gave by hand."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.gamification.grants.models import BENEFIT_GRANT

STAMP = "stamp"
_G = BENEFIT_GRANT.c
_STAMPS = select(BENEFIT_GRANT).where(_G.ref_kind == STAMP)
_BY_ID = _STAMPS.where(_G.id == bindparam("grant_id"))
_TODAY = _STAMPS.where(
    _G.member_id == bindparam("of_member"), _G.given_at >= bindparam("since"), _G.state == "given"
)


def find_stamp(tx: Connection, grant_id: str) -> Any:
    """Return the row of a grant by hand, or None."""
    return tx.execute(_BY_ID, {"grant_id": grant_id}).first()


def count_stamps(tx: Connection, member_id: str, unit: str, since: datetime) -> int:
    """Return how many of a unit a member was given by hand since an instant."""
    rows = tx.execute(_TODAY, {"of_member": member_id, "since": since})
    return sum(part["amount"] for row in rows for part in row.parts if part["key"] == unit)
