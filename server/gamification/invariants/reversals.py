"""L7: no more is taken back than was given, and returned purchases keep nothing."""

from sqlalchemy import and_, case, func, or_, select

from server.gamification.activities.models import ACTIVITY, ACTIVITY_RETURN
from server.gamification.invariants.declaring import in_sql
from server.gamification.ledger.models import TRANSFER
from server.gamification.ledger.types import Account, Kind
from server.gamification.programme.types import POINTS, ClawbackPolicy
from server.gamification.returns.goods import FINAL

_A, _R, _T = ACTIVITY.c, ACTIVITY_RETURN.c, TRANSFER.c
_ORIGINAL = TRANSFER.alias("original")
_REVERSAL = _T.kind == str(Kind.REVERSAL)

_rootless = (
    select(_T.id)
    .join(_ORIGINAL, _ORIGINAL.c.id == _T.reverses_id, isouter=True)
    .where(
        _REVERSAL,
        or_(
            _ORIGINAL.c.id.is_(None),
            _ORIGINAL.c.wallet_id != _T.wallet_id,
            _ORIGINAL.c.wallet_version >= _T.wallet_version,
        ),
    )
)
_reversed = (
    select(_T.reverses_id, func.sum(_T.amount).label("amount"))
    .where(_REVERSAL)
    .group_by(_T.reverses_id)
    .subquery()
)
_too_much = (
    select(_ORIGINAL.c.id)
    .join(_reversed, _reversed.c.reverses_id == _ORIGINAL.c.id)
    .where(_reversed.c.amount > _ORIGINAL.c.amount)
)
_moved = (
    select(
        _T.ref_id,
        func.sum(case((_T.credit_account == str(Account.ISSUANCE), _T.amount), else_=0)).label(
            "taken"
        ),
        func.sum(case((_T.debit_account == str(Account.REDEMPTION), _T.amount), else_=0)).label(
            "restored"
        ),
    )
    .where(_REVERSAL, _T.unit == POINTS)
    .group_by(_T.ref_id)
    .subquery()
)
_reported = (
    select(
        _R.activity_id,
        func.sum(_R.points_taken + _R.shortfall).label("clawed_back"),
        func.sum(
            _R.points_taken
            + _R.claimed
            + case((_R.policy == str(ClawbackPolicy.DEBT), _R.shortfall), else_=0)
        ).label("taken"),
        func.sum(_R.points_restored).label("restored"),
        func.sum(_R.amount_minor).label("amount_minor"),
    )
    .group_by(_R.activity_id)
    .subquery()
)
_activities = (
    select(_A.id)
    .join(_reported, _reported.c.activity_id == _A.id, isouter=True)
    .join(_moved, _moved.c.ref_id == _A.id, isouter=True)
)
_mismatched = _activities.where(
    or_(
        _A.clawed_back != func.coalesce(_reported.c.clawed_back, 0),
        _A.restored != func.coalesce(_reported.c.restored, 0),
        _A.clawed_back > _A.points,
        func.coalesce(_reported.c.amount_minor, 0) > _A.amount_minor,
    )
)
_unmoved = _activities.where(
    or_(
        func.coalesce(_moved.c.taken, 0) != func.coalesce(_reported.c.taken, 0),
        func.coalesce(_moved.c.restored, 0) != func.coalesce(_reported.c.restored, 0),
    )
)
_half_undone = _activities.where(
    and_(
        _A.state.in_([str(state) for state in FINAL]),
        or_(
            _A.clawed_back != _A.points,
            _A.amount_minor != func.coalesce(_reported.c.amount_minor, 0),
        ),
    )
)
_forgiven = (
    select(
        _A.member_id,
        func.sum(_R.claimed).label("claimed"),
        func.sum(_R.points_claimed).label("points_claimed"),
    )
    .join(ACTIVITY, _A.id == _R.activity_id)
    .group_by(_A.member_id)
    .subquery()
)
_unclaimed = select(_forgiven.c.member_id).where(_forgiven.c.claimed != _forgiven.c.points_claimed)
_not_forgiven = select(_R.id).where(
    or_(
        _R.claimed < 0,
        _R.claimed > _R.shortfall,
        and_(_R.claimed > 0, _R.policy != str(ClawbackPolicy.CLAMP)),
    )
)

INVARIANTS = (
    in_sql("L7", "A reversal names an earlier transfer of its wallet.", _rootless),
    in_sql("L7", "No more of a transfer is reversed than it moved.", _too_much),
    in_sql("L7", "A purchase counts what its returns took and gave back.", _mismatched),
    in_sql("L7", "What returns report was moved in the ledger.", _unmoved),
    in_sql("L7", "Only what was forgiven is claimed, and no more of it.", _not_forgiven),
    in_sql("L7", "What is claimed of the forgiven is what returns claimed.", _unclaimed),
    in_sql("L7", "A purchase that came back keeps neither points nor money.", _half_undone),
)
