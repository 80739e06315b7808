"""S1 and S2: stock counts its vouchers, a code is used once, prices are held, spent or back."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, union_all

from server.gamification.holds.types import Purpose
from server.gamification.invariants.declaring import in_sql
from server.gamification.ledger.models import HOLD, TRANSFER, WALLET
from server.gamification.ledger.types import HoldState, Kind
from server.gamification.raffles.models import RAFFLE_PRIZE
from server.gamification.rewards.models import REWARD_STOCK
from server.gamification.rewards.types import StockState
from server.gamification.vouchers.models import REWARD_CODE, VOUCHER, VOUCHER_PRICE, VOUCHER_USE
from server.gamification.vouchers.types import VoucherState

_S, _V, _P, _U, _C = (
    table.c for table in (REWARD_STOCK, VOUCHER, VOUCHER_PRICE, VOUCHER_USE, REWARD_CODE)
)
_R = RAFFLE_PRIZE.c
_H, _T, _W = HOLD.c, TRANSFER.c, WALLET.c
_ACTIVE = _V.state == str(VoucherState.ACTIVE)
_USED = _V.state == str(VoucherState.USED)
_GONE = _V.state.in_(
    [str(state) for state in (VoucherState.CANCELLED, VoucherState.WITHDRAWN, VoucherState.EXPIRED)]
)


def _count(state: StockState) -> ColumnElement[int]:
    return func.sum(case((_V.stock == str(state), 1), else_=0))


_pieces = union_all(
    select(
        _V.reward_id,
        _count(StockState.RESERVED).label("reserved"),
        _count(StockState.SOLD).label("sold"),
    )
    .where(_V.stock.in_([str(StockState.RESERVED), str(StockState.SOLD)]))
    .group_by(_V.reward_id),
    # prizes of raffles that were set aside and not won yet
    select(_R.reward_id, _R.reserved, literal(0)).where(_R.reserved > 0),
).subquery()
_given = (
    select(
        _pieces.c.reward_id,
        func.sum(_pieces.c.reserved).label("reserved"),
        func.sum(_pieces.c.sold).label("sold"),
    )
    .group_by(_pieces.c.reward_id)
    .subquery()
)
_miscounted = (
    select(_S.reward_id)
    .join(_given, _given.c.reward_id == _S.reward_id, isouter=True)
    .where(
        or_(
            _S.reserved != func.coalesce(_given.c.reserved, 0),
            _S.sold != func.coalesce(_given.c.sold, 0),
            _S.reserved + _S.sold > _S.total,
        )
    )
)
_uncounted = (
    select(_given.c.reward_id)
    .join(REWARD_STOCK, _S.reward_id == _given.c.reward_id, isouter=True)
    .where(_S.reward_id.is_(None))
)
_STOCK_OF = case((_ACTIVE, "reserved"), (_USED, "sold"), else_="returned")
_misplaced = select(_V.id).where(
    _V.stock != str(StockState.NONE),
    _V.stock != case((_V.is_settled, "sold"), else_=_STOCK_OF),
)
_uses = (
    select(_U.voucher_id, func.count().label("uses"))
    .where(_U.undone_at.is_(None))
    .group_by(_U.voucher_id)
    .subquery()
)
_wrongly_used = (
    select(_V.id)
    .join(_uses, _uses.c.voucher_id == _V.id, isouter=True)
    .where(func.coalesce(_uses.c.uses, 0) != case((_USED, 1), else_=0))
)
_unended = select(_V.id).where(
    or_(
        _V.state.not_in([str(state) for state in VoucherState]),
        _V.ended_at.is_(None) != _ACTIVE,
        and_(_V.state == str(VoucherState.EXPIRED), _V.ended_at < _V.expires_at),
    )
)


def _prices() -> Select[Any]:
    """Select the vouchers whose price was not taken at once, with their holds and wallets."""
    return (
        select(_V.id)
        .join(VOUCHER_PRICE, _P.voucher_id == _V.id)
        .join(HOLD, _H.id == _P.hold_id, isouter=True)
        .join(WALLET, _W.id == _H.wallet_id, isouter=True)
        .where(~_V.is_settled)
    )


_strange_hold = _prices().where(
    or_(
        _H.id.is_(None),
        _H.amount != _P.amount,
        _H.purpose != str(Purpose.VOUCHER),
        _W.member_id != _V.member_id,
        _W.unit != _P.unit,
    )
)
_not_held = _prices().where(
    _ACTIVE, or_(_H.state != str(HoldState.HELD), _H.lapses_at != _V.expires_at)
)
_not_spent = (
    _prices()
    .join(TRANSFER, _T.id == _P.transfer_id, isouter=True)
    .where(
        _USED,
        or_(
            _H.state != str(HoldState.CAPTURED),
            _T.id.is_(None),
            _T.kind != str(Kind.CAPTURE),
            _T.ref_id != _P.hold_id,
            _T.amount != _P.amount,
        ),
    )
)
_back = (
    select(_T.reverses_id, func.sum(_T.amount).label("amount"))
    .where(_T.kind == str(Kind.REVERSAL), _T.ref_kind == "voucher")
    .group_by(_T.reverses_id)
    .subquery()
)
_kept = (
    _prices()
    .join(_back, _back.c.reverses_id == _P.transfer_id, isouter=True)
    .where(
        _GONE,
        or_(
            _H.state == str(HoldState.HELD),
            and_(
                _H.state == str(HoldState.CAPTURED),
                func.coalesce(_back.c.amount, 0) != _P.amount,
            ),
        ),
    )
)
_unsettled = (
    select(_V.id)
    .join(VOUCHER_PRICE, _P.voucher_id == _V.id)
    .join(TRANSFER, _T.id == _P.transfer_id, isouter=True)
    .join(WALLET, _W.id == _T.wallet_id, isouter=True)
    .where(
        _V.is_settled,
        or_(
            _T.id.is_(None),
            _T.kind.not_in([str(Kind.REDEMPTION), str(Kind.DONATION)]),
            _T.ref_id != _V.id,
            _T.amount != _P.amount,
            _T.unit != _P.unit,
            _W.member_id != _V.member_id,
        ),
    )
)
_holders = select(_P.hold_id).join(VOUCHER, _V.id == _P.voucher_id).where(_ACTIVE, ~_V.is_settled)
_ownerless = select(_H.id).where(
    _H.purpose == str(Purpose.VOUCHER),
    _H.state == str(HoldState.HELD),
    _H.id.not_in(_holders.where(_P.hold_id.is_not(None))),
)
_strange_codes = (
    select(_C.id)
    .join(VOUCHER, _V.id == _C.voucher_id, isouter=True)
    .where(
        or_(
            _C.voucher_id.is_(None) != _C.taken_at.is_(None),
            and_(
                _C.voucher_id.is_not(None),
                or_(_V.id.is_(None), _V.reward_id != _C.reward_id, _V.locator.is_not(None)),
            ),
        )
    )
)

INVARIANTS = (
    in_sql(
        "S1",
        "Pieces of a reward are those of its vouchers and of prizes.",
        _miscounted,
    ),
    in_sql("S1", "What vouchers have of a stock is counted.", _uncounted),
    in_sql("S1", "A piece of the stock is where its voucher is.", _misplaced),
    in_sql("S2", "A voucher is used once, and only a used one has a use.", _wrongly_used),
    in_sql("S2", "A voucher is active or has ended, and runs out no earlier.", _unended),
    in_sql("S2", "An uploaded code is free or belongs to one voucher.", _strange_codes),
    in_sql("S3", "The price of a voucher is a hold of its member.", _strange_hold),
    in_sql("S3", "The price of an active voucher is held until its end.", _not_held),
    in_sql("S3", "The price of a used voucher is spent.", _not_spent),
    in_sql("S3", "The price of a voucher that ended unused went back.", _kept),
    in_sql("S3", "What was paid at once was paid by the member for the voucher.", _unsettled),
    in_sql("S3", "Points are held for vouchers that are active.", _ownerless),
)
