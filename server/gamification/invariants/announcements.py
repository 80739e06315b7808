"""I5 and I6: what happened is in the outbox once, and every row of the outbox comes to an end.

The outbox forgets what was delivered long ago, so that only what was recorded lately is looked for.
"""

from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select

from server.core.outbox import OUTBOX
from server.gamification.activities.models import ACTIVITY, ACTIVITY_RETURN
from server.gamification.invariants.declaring import TOLD_SINCE, in_sql
from server.gamification.ledger import events
from server.gamification.ledger.models import TRANSFER
from server.gamification.standings.models import TIER_CHANGE

_A, _O, _R, _C = ACTIVITY.c, OUTBOX.c, ACTIVITY_RETURN.c, TIER_CHANGE.c
_T = TRANSFER.c
_TIER_TOPICS = ("tier.upgraded", "tier.renewed", "tier.downgraded")


def _payload(name: str) -> ColumnElement[str]:
    text: ColumnElement[str] = _O.payload[name].as_string()
    return text


def _announced(name: str, *topics: str) -> Subquery:
    """Count the outbox rows of `topics` for each id that their payload has under `name`."""
    named = select(_payload(name).label("of_id")).where(_O.topic.in_(topics)).subquery()
    return select(named.c.of_id, func.count().label("count")).group_by(named.c.of_id).subquery()


_awarded = _announced("activity_id", "points.awarded")
_unannounced = (
    select(_A.id)
    .join(_awarded, _awarded.c.of_id == _A.id, isouter=True)
    .where(
        _A.recorded_at >= TOLD_SINCE,
        func.coalesce(_awarded.c.count, 0) != case((_A.points > 0, 1), else_=0),
    )
)
_reversed = _announced("return_id", "points.reversed")
_silent_returns = (
    select(_R.id)
    .join(_reversed, _reversed.c.of_id == _R.id, isouter=True)
    .where(
        _R.recorded_at >= TOLD_SINCE,
        func.coalesce(_reversed.c.count, 0)
        != case((or_(_R.points_taken > 0, _R.points_restored > 0), 1), else_=0),
    )
)
_moved = _announced("ref_id", *_TIER_TOPICS)
_changes = (
    select(_C.ref_id, func.count().label("count"))
    .where(_C.ref_id.in_(select(_A.id).where(_A.recorded_at >= TOLD_SINCE)))
    .group_by(_C.ref_id)
    .subquery()
)
_silent_moves = (
    select(_changes.c.ref_id)
    .join(_moved, _moved.c.of_id == _changes.c.ref_id, isouter=True)
    .where(_changes.c.count != func.coalesce(_moved.c.count, 0))
)
_by_itself = _announced("transfer_id", "points.expired", "points.matured")
_silent_turns = (
    select(_T.id)
    .join(_by_itself, _by_itself.c.of_id == _T.id, isouter=True)
    .where(
        _T.kind.in_(events.TOPICS),
        _T.recorded_at >= TOLD_SINCE,
        func.coalesce(_by_itself.c.count, 0) != 1,
    )
)
_awarded_for = _A.id == _payload("activity_id")
_unfounded = (
    select(_O.id)
    .join(ACTIVITY, _awarded_for, isouter=True)
    .where(_O.topic.in_(["points.awarded", "points.reversed"]), _A.id.is_(None))
)
_endless = select(_O.id).where(
    or_(
        _O.state.not_in(["ready", "delivered", "dead"]),
        and_(_O.state == "delivered", _O.delivered_at.is_(None)),
        and_(_O.state != "delivered", _O.delivered_at.is_not(None)),
    )
)

INVARIANTS = (
    in_sql("I5", "A purchase that gave points is announced once.", _unannounced),
    in_sql("I5", "A return that moved points is announced once.", _silent_returns),
    in_sql("I5", "A purchase that moved a tier is announced each time.", _silent_moves),
    in_sql("I5", "Points that matured or expired are announced once.", _silent_turns),
    in_sql("I5", "Nothing is announced that did not happen.", _unfounded),
    in_sql("I6", "A row of the outbox waits, was delivered, or is dead.", _endless),
)
