"""L6: a hold resolves once, with as many points as it set aside."""

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.queries import REDEMPTION
from server.gamification.invariants.declaring import in_sql
from server.gamification.ledger.models import HOLD, TRANSFER
from server.gamification.ledger.types import HoldState, Kind

_A, _H, _T = ACTIVITY.c, HOLD.c, TRANSFER.c
_ENDS = [str(kind) for kind in (Kind.CAPTURE, Kind.RELEASE, Kind.LAPSE)]
_BACK = _ENDS[1:]
_OPEN = _H.state == str(HoldState.HELD)
_CAPTURED = _H.state == str(HoldState.CAPTURED)
_LAPSED = _H.state == str(HoldState.LAPSED)


def _sum(kinds: list[str]) -> ColumnElement[int]:
    return func.sum(case((_T.kind.in_(kinds), _T.amount), else_=0))


def _count(kinds: list[str]) -> ColumnElement[int]:
    return func.sum(case((_T.kind.in_(kinds), 1), else_=0))


_unclear = select(_H.id).where(
    or_(
        _H.state.not_in([str(state) for state in HoldState]),
        _H.resolved_at.is_(None) != _OPEN,
        (_H.captured > 0) != _CAPTURED,
        _H.captured > _H.amount,
    )
)
_unplaced = (
    select(_H.id)
    .join(TRANSFER, _T.id == _H.transfer_id, isouter=True)
    .where(
        or_(
            _T.id.is_(None),
            _T.kind != str(Kind.HOLD),
            _T.amount != _H.amount,
            _T.ref_id != _H.id,
            _T.wallet_id != _H.wallet_id,
        )
    )
)
_ends = (
    select(
        _T.ref_id.label("hold_id"),
        _sum([str(Kind.CAPTURE)]).label("captured"),
        _sum(_ENDS).label("resolved"),
        _count([str(Kind.CAPTURE)]).label("captures"),
        _count(_BACK).label("returns"),
    )
    .where(_T.kind.in_(_ENDS))
    .group_by(_T.ref_id)
    .subquery()
)
_unresolved = (
    select(_H.id)
    .join(_ends, _ends.c.hold_id == _H.id, isouter=True)
    .where(
        or_(
            func.coalesce(_ends.c.captured, 0) != _H.captured,
            func.coalesce(_ends.c.resolved, 0) != case((_OPEN, 0), else_=_H.amount),
            _ends.c.captures > 1,
            _ends.c.returns > 1,
        )
    )
)
_holdless = (
    select(_T.id)
    .join(HOLD, and_(_H.id == _T.ref_id, _H.wallet_id == _T.wallet_id), isouter=True)
    .where(_T.kind.in_([*_ENDS, str(Kind.HOLD)]), _H.id.is_(None))
)
_out_of_time = select(_H.id).where(
    or_(
        and_(_CAPTURED, _H.resolved_at >= _H.lapses_at),
        and_(_LAPSED, _H.resolved_at < _H.lapses_at),
    )
)

_told_wrongly = (
    select(_A.id)
    .join(HOLD, _H.id == _A.external_id, isouter=True)
    .where(
        _A.kind == REDEMPTION,
        or_(
            _H.id.is_(None),
            _H.state != str(HoldState.CAPTURED),
            _A.trace[("spent", 0, "points")].as_integer() != _H.captured,
        ),
    )
)

INVARIANTS = (
    in_sql("L6", "A hold is open, or resolved in one way.", _unclear),
    in_sql("L6", "A hold has the transfer that set its points aside.", _unplaced),
    in_sql("L6", "A hold resolves once: captured and returned make up what was held.", _unresolved),
    in_sql("L6", "Points are held and resolved for a hold that exists.", _holdless),
    in_sql("L6", "A redemption tells of a captured hold and its points.", _told_wrongly),
    in_sql("L6", "A hold is captured before it lapses and lapses no earlier.", _out_of_time),
)
