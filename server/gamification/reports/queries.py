"""Reading reported activities."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.gamification.activities.models import ACTIVITY
from server.gamification.earning.queries import caps_used

_REPORT = select(ACTIVITY).where(
    ACTIVITY.c.source == bindparam("source"),
    ACTIVITY.c.external_id == bindparam("external_id"),
    ACTIVITY.c.kind == bindparam("kind"),
)
_REPORTED = (
    select(ACTIVITY.c.id)
    .where(
        ACTIVITY.c.member_id == bindparam("member_id"),
        ACTIVITY.c.kind == bindparam("kind"),
        ACTIVITY.c.state != "cancelled",
        ACTIVITY.c.occurred_at >= bindparam("since"),
        ACTIVITY.c.occurred_at < bindparam("until"),
    )
    .limit(1)
)


def find_report(tx: Connection, source: str, external_id: str, kind: str) -> Any:
    """Return the row of the activity of a kind with this natural key, or None."""
    keys = {"source": source, "external_id": external_id, "kind": kind}
    return tx.execute(_REPORT, keys).first()


def has_reported(
    tx: Connection, member_id: str, kind: str, between: tuple[datetime, datetime]
) -> bool:
    """Tell whether an activity of a kind was reported from an instant until before another."""
    of = {"member_id": member_id, "kind": kind, "since": between[0], "until": between[1]}
    return tx.execute(_REPORTED, of).first() is not None


def used_caps(tx: Connection, member_id: str, cap_keys: Sequence[str]) -> dict[str, int]:
    """Return what a member has been given by these capped rules."""
    return caps_used(tx, [member_id], cap_keys).get(member_id, {})
