"""Reading member facts."""

from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.facts.types import Facts

_FACTS = select(MEMBER_FACTS).where(MEMBER_FACTS.c.member_id == bindparam("member_id"))


def get_facts(tx: Connection, member_id: str) -> Facts:
    """Return a member's counters, all zero before the first activity."""
    row = tx.execute(_FACTS, {"member_id": member_id}).first()
    return facts_of(member_id, row)


def facts_of(member_id: str, row: Any) -> Facts:
    """Turn a row with the columns of `member_facts` (perhaps all null) into counters."""
    if row is None or row.purchases is None:
        return Facts(member_id)
    return Facts(
        member_id,
        row.purchases,
        row.visits,
        row.items,
        row.spend_minor,
        row.qualifying_points,
        row.first_purchase_at,
        row.last_purchase_at,
        row.last_visit_on,
        row.counts,
    )
