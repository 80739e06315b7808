"""What the history shows: a member's activities by the page, and what came back of one."""

from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.core.pagination import newest_first
from server.gamification.activities.models import ACTIVITY, ACTIVITY_RETURN

_RETURNS = (
    select(ACTIVITY_RETURN)
    .where(ACTIVITY_RETURN.c.activity_id == bindparam("activity_id"))
    .order_by(ACTIVITY_RETURN.c.recorded_at, ACTIVITY_RETURN.c.id)
)
_OF_MEMBER = newest_first(
    select(ACTIVITY).where(ACTIVITY.c.member_id == bindparam("member_id")),
    ACTIVITY.c.occurred_at,
    ACTIVITY.c.id,
)


def list_returns(tx: Connection, activity_id: str) -> list[Any]:
    """Return the returns of a purchase, oldest first."""
    return list(tx.execute(_RETURNS, {"activity_id": activity_id}))


def page_activities(tx: Connection, member_id: str, parameters: dict[str, Any]) -> list[Any]:
    """Return rows of a member's activities, newest first (see `core.pagination`)."""
    return list(tx.execute(_OF_MEMBER, parameters | {"member_id": member_id}))
