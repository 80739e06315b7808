"""Reading member facts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.core.columns import among
from server.core.statements import Prepared
from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.facts.types import Facts

_FACTS = select(MEMBER_FACTS).where(MEMBER_FACTS.c.member_id == bindparam("member_id"))
_LAST_PURCHASES = Prepared(
    select(MEMBER_FACTS.c.member_id, MEMBER_FACTS.c.last_purchase_at).where(
        among(MEMBER_FACTS.c.member_id, "member_ids"), MEMBER_FACTS.c.last_purchase_at.is_not(None)
    )
)


def last_purchases(tx: Connection, member_ids: Sequence[str]) -> dict[str, datetime]:
    """Return when members made their last purchase, by id; who made none is missing."""
    rows = _LAST_PURCHASES.all(tx, {"member_ids": list(member_ids)})
    return {row.member_id: row.last_purchase_at for row in rows}


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
