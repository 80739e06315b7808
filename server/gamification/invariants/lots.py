"""L4 and L8: lots are used up by what was drawn from them, and expire once and on time."""

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from server.core.audit import AUDIT
from server.gamification.invariants.declaring import in_sql
from server.gamification.ledger.models import LOT, LOT_DRAW, TRANSFER, WALLET
from server.gamification.ledger.types import INACTIVITY, Bucket, Kind

_T = TRANSFER.c
_SPENDABLE = [str(Bucket.AVAILABLE), str(Bucket.PENDING)]
_GIVEN_AWAY = (Kind.DONATION, Kind.TRANSFER, Kind.ENTRY)
_SPENDING = (Kind.REDEMPTION, Kind.HOLD, Kind.ADJUSTMENT, *_GIVEN_AWAY)
_SPENT_BY = [str(kind) for kind in _SPENDING]

_out_of_range = select(LOT.c.id).where(
    or_(LOT.c.remaining < 0, LOT.c.remaining > LOT.c.amount, LOT.c.amount <= 0)
)
_drawn = (
    select(LOT_DRAW.c.lot_id, func.sum(LOT_DRAW.c.amount).label("amount"))
    .group_by(LOT_DRAW.c.lot_id)
    .subquery()
)
_unexplained = (
    select(LOT.c.id)
    .join(_drawn, _drawn.c.lot_id == LOT.c.id, isouter=True)
    .where(LOT.c.amount - LOT.c.remaining != func.coalesce(_drawn.c.amount, 0))
)
_drawn_by = (
    select(LOT_DRAW.c.transfer_id, func.sum(LOT_DRAW.c.amount).label("amount"))
    .group_by(LOT_DRAW.c.transfer_id)
    .subquery()
)
_opened_by = (
    select(LOT.c.source_transfer_id, func.sum(LOT.c.amount).label("amount"))
    .group_by(LOT.c.source_transfer_id)
    .subquery()
)
_effect: ColumnElement[int] = case((_T.credit_account.in_(_SPENDABLE), _T.amount), else_=0) - case(
    (_T.debit_account.in_(_SPENDABLE), _T.amount), else_=0
)
_lotless = (
    select(_T.id)
    .join(_drawn_by, _drawn_by.c.transfer_id == _T.id, isouter=True)
    .join(_opened_by, _opened_by.c.source_transfer_id == _T.id, isouter=True)
    .where(func.coalesce(_opened_by.c.amount, 0) - func.coalesce(_drawn_by.c.amount, 0) != _effect)
)
_sourceless = (
    select(LOT.c.id)
    .join(TRANSFER, _T.id == LOT.c.source_transfer_id, isouter=True)
    .where(or_(_T.id.is_(None), _T.wallet_id != LOT.c.wallet_id))
)
_strange_draws = (
    select(LOT_DRAW.c.lot_id)
    .join(LOT, LOT.c.id == LOT_DRAW.c.lot_id)
    .join(TRANSFER, _T.id == LOT_DRAW.c.transfer_id, isouter=True)
    .where(or_(_T.id.is_(None), _T.wallet_id != LOT.c.wallet_id))
)
_replaced = LOT.alias("replaced")
_out, _in = TRANSFER.alias("passed_on"), TRANSFER.alias("received")
# What a member gives out of a grace lot stays a grace lot, in the wallet of the other.
_is_passed_on = (
    select(_out.c.id)
    .join(LOT_DRAW, LOT_DRAW.c.transfer_id == _out.c.id)
    .join(_in, and_(_in.c.ref_id == _out.c.ref_id, _in.c.kind == _out.c.kind))
    .where(
        _out.c.kind == str(Kind.TRANSFER),
        LOT_DRAW.c.lot_id == LOT.c.replaces_id,
        _in.c.id == LOT.c.source_transfer_id,
    )
    .exists()
)
_strange_grace = (
    select(LOT.c.id)
    .join(_replaced, _replaced.c.id == LOT.c.replaces_id, isouter=True)
    .where(
        LOT.c.replaces_id.is_not(None),
        or_(
            _replaced.c.id.is_(None),
            and_(_replaced.c.wallet_id != LOT.c.wallet_id, ~_is_passed_on),
        ),
    )
)
_draws = (
    select(LOT.c.id)
    .join(LOT_DRAW, LOT_DRAW.c.lot_id == LOT.c.id)
    .join(TRANSFER, _T.id == LOT_DRAW.c.transfer_id)
)
_EXPIRY = _T.kind == str(Kind.EXPIRY)
_early = _draws.where(
    _EXPIRY,
    _T.actor != INACTIVITY,
    or_(
        LOT.c.expires_at.is_(None),
        _T.occurred_at != LOT.c.expires_at,
        _T.recorded_at < LOT.c.expires_at,
    ),
)
_hasty = _draws.join(WALLET, WALLET.c.id == _T.wallet_id).where(
    _EXPIRY,
    _T.actor == INACTIVITY,
    or_(
        WALLET.c.idled_at.is_(None),
        _T.occurred_at > WALLET.c.idled_at,
        _T.recorded_at < _T.occurred_at,
        LOT.c.expires_at <= _T.occurred_at,
    ),
)
_bought_later = TRANSFER.alias("bought_later")
_active = (
    select(WALLET.c.id)
    .join(
        _bought_later,
        and_(
            _bought_later.c.wallet_id == WALLET.c.id,
            _bought_later.c.kind == str(Kind.ACCRUAL),
            _bought_later.c.ref_kind == "activity",
        ),
    )
    .where(_bought_later.c.occurred_at >= WALLET.c.idle_at)
)
_change_of_expiry = (
    select(AUDIT.c.id)
    .where(AUDIT.c.action == "expiry.changed", AUDIT.c.at == LOT.c.redated_at)
    .exists()
)
_moved = select(LOT.c.id).where(
    or_(
        and_(LOT.c.redated_at.is_not(None), ~_change_of_expiry),
        and_(LOT.c.redated_at.is_(None), LOT.c.first_expires_at.is_not(None)),
    )
)
_twice = _draws.where(_EXPIRY).group_by(LOT.c.id).having(func.count() > 1)
_late = _draws.join(WALLET, WALLET.c.id == _T.wallet_id).where(
    _T.kind.in_(_SPENT_BY),
    LOT_DRAW.c.amount > 0,
    or_(
        LOT.c.expires_at <= _T.recorded_at,
        and_(WALLET.c.idled_at <= _T.recorded_at, LOT.c.available_at < WALLET.c.idled_at),
    ),
)

INVARIANTS = (
    in_sql("L4", "What is left of a lot is between nothing and all of it.", _out_of_range),
    in_sql("L4", "What is gone from a lot is what was drawn from it.", _unexplained),
    in_sql("L4", "A transfer opens and draws lots for exactly what it moves.", _lotless),
    in_sql("L4", "A lot comes from a transfer of its own wallet.", _sourceless),
    in_sql("L4", "A lot is drawn by transfers of its own wallet.", _strange_draws),
    in_sql("L4", "A grace lot replaces a lot of its own wallet or of the giver's.", _strange_grace),
    in_sql("L8", "A lot expires at its date, never before.", _early),
    in_sql("L8", "Idle points expire when the wallet's time is up, never before.", _hasty),
    in_sql("L8", "A purchase puts off when idle points expire.", _active),
    in_sql("L8", "A lot's date is moved by a change of the programme alone.", _moved),
    in_sql("L8", "A lot expires once.", _twice),
    in_sql("L8", "Nothing is spent from a lot past its date.", _late),
)
