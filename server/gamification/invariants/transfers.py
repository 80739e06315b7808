"""T7: what one member gives, another gets, and it lives no longer for that."""

from typing import Any

from sqlalchemy import and_, case, func, or_, select

from server.gamification.invariants.declaring import in_sql
from server.gamification.ledger.models import LOT, LOT_DRAW, TRANSFER, WALLET
from server.gamification.ledger.types import Bucket, Kind
from server.gamification.transfers.models import MEMBER_TRANSFER

_M, _T, _W = MEMBER_TRANSFER.c, TRANSFER.c, WALLET.c
_OUT = _T.debit_account == str(Bucket.AVAILABLE)
_GIVEN = _T.kind == str(Kind.TRANSFER)


def _sum(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, _T.amount), else_=0)), 0)


_uneven = (
    select(_M.id)
    .join(TRANSFER, and_(_T.ref_id == _M.id, _GIVEN), isouter=True)
    .join(WALLET, _W.id == _T.wallet_id, isouter=True)
    .group_by(_M.id, _M.amount)
    .having(
        or_(
            _sum(and_(_OUT, _W.member_id == _M.sender_id, _W.unit == _M.unit)) != _M.amount,
            _sum(and_(~_OUT, _W.member_id == _M.recipient_id, _W.unit == _M.unit)) != _M.amount,
            _sum(_T.amount > 0) != 2 * _M.amount,
        )
    )
)
_drawn = LOT.alias("drawn")
_taken = TRANSFER.alias("taken")
# A change of the programme may have moved either date since.
_lives_on = (
    select(_drawn.c.id)
    .join(LOT_DRAW, LOT_DRAW.c.lot_id == _drawn.c.id)
    .join(_taken, _taken.c.id == LOT_DRAW.c.transfer_id)
    .where(
        _taken.c.ref_id == _T.ref_id,
        _taken.c.kind == str(Kind.TRANSFER),
        _drawn.c.earned_at == LOT.c.earned_at,
        or_(
            _drawn.c.expires_at.is_(None),
            _drawn.c.redated_at.is_not(None),
            LOT.c.redated_at.is_not(None),
            LOT.c.expires_at <= _drawn.c.expires_at,
        ),
    )
    .exists()
)
_rejuvenated = (
    select(LOT.c.id).join(TRANSFER, _T.id == LOT.c.source_transfer_id).where(_GIVEN, ~_lives_on)
)

INVARIANTS = (
    in_sql("T7", "What one member gave is what another got.", _uneven),
    in_sql("T7", "Points that are given live no longer than before.", _rejuvenated),
)
