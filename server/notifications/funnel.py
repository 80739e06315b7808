"""What becomes of messages: made, gone out, opened; and the newest that went or wait."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, bindparam, case, exists, func, select

from server.core.columns import UTCDateTime
from server.notifications.models import DELIVERY, MESSAGE

_M, _D = MESSAGE.c, DELIVERY.c
_WENT = exists().where(_D.message_id == _M.id, _D.state.in_(["sent", "bundled"]))
_COUNTED = (
    select(
        _M.type,
        func.coalesce(_M.variant, "-").label("variant"),
        func.count().label("made"),
        func.sum(case((_WENT, 1), else_=0), type_=Integer).label("sent"),
        func.count(_M.opened_at).label("opened"),
    )
    .where(_M.created_at >= bindparam("since", type_=UTCDateTime))
    .group_by(_M.type, func.coalesce(_M.variant, "-"))
    .order_by(_M.type, func.coalesce(_M.variant, "-"))
)
_NEWEST = (
    select(
        _D.channel, _D.state, _D.why, _D.sender, _D.due_at, _D.finished_at, _D.last_error,
        _M.id, _M.member_id, _M.type, _M.title, _M.body, _M.path,
    )
    .join(MESSAGE, _M.id == _D.message_id)
    .order_by(_D.id.desc())
    .limit(bindparam("most"))
)  # fmt: skip


class Count(NamedTuple):
    """Of a variant of a type: how many messages were made, went out, and were opened."""

    variant: str
    made: int
    sent: int
    opened: int


def count_messages(tx: Connection, since: datetime) -> dict[str, list[Count]]:
    """Return what became of the messages made since an instant, by type."""
    found: dict[str, list[Count]] = defaultdict(list)
    for row in tx.execute(_COUNTED, {"since": since}):
        found[row.type].append(Count(row.variant, row.made, row.sent, row.opened))
    return dict(found)


def latest_deliveries(tx: Connection, limit: int) -> Sequence[Any]:
    """Return the newest deliveries with their messages, the newest first."""
    return tx.execute(_NEWEST, {"most": limit}).all()
