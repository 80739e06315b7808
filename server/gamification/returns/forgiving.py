"""What `clamp` forgave is claimed from points that come back later.

Forgiving means: what was spent cannot be taken. Once it comes back, because the purchase that it
paid is returned too, it can. Else two purchases, one paid with the points of the other, would
leave their points behind with both returned.
"""

from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from server.gamification.activities.models import ACTIVITY, ACTIVITY_RETURN
from server.gamification.activities.types import Recording
from server.gamification.ledger.book import Book
from server.gamification.ledger.types import Cause
from server.gamification.programme.types import ClawbackPolicy

_R = ACTIVITY_RETURN.c
_FORGIVEN = (
    select(_R.id, _R.activity_id, _R.shortfall, _R.claimed, ACTIVITY.c.trace)
    .join(ACTIVITY, ACTIVITY.c.id == _R.activity_id)
    .where(
        ACTIVITY.c.member_id == bindparam("of_member"),
        _R.policy == str(ClawbackPolicy.CLAMP),
        _R.shortfall > _R.claimed,
    )
    .order_by(_R.recorded_at, _R.id)
)
_CLAIM = (
    update(ACTIVITY_RETURN)
    .where(_R.id == bindparam("of_id"))
    .values(claimed=_R.claimed + bindparam("more"))
)


def claim_forgiven(tx: Connection, book: Book, came_back: int, recording: Recording) -> int:
    """Take from `came_back` points what earlier returns of the member were forgiven, oldest first.

    Return how many were taken; the member's wallet is locked.
    """
    if not came_back:
        return 0
    left = came_back
    for row in tx.execute(_FORGIVEN, {"of_member": book.wallet.member_id}).all():
        part = min(left, row.shortfall - row.claimed)
        if part:
            book.claw_back(part, _cause(row, recording), as_debt=False)
            tx.execute(_CLAIM, {"of_id": row.id, "more": part})
        left -= part
    return came_back - left


def _cause(row: Any, recording: Recording) -> Cause:
    now, transfer_id = recording.now, row.trace["transfer_id"]
    return Cause("return", row.activity_id, recording.actor, now, now, transfer_id)
