"""L1 to L3: transfers balance, wallets are their lots and holds, and the sum of their history."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    or_,
    select,
    tuple_,
)

from server.gamification.invariants.declaring import Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.ledger.models import HOLD, LOT, TRANSFER, WALLET
from server.gamification.ledger.types import Account, Bucket, HoldState, Kind

_T, _W = TRANSFER.c, WALLET.c
_PROGRAMME = [str(account) for account in Account]
_MOVES = [
    (Kind.ACCRUAL, Account.ISSUANCE, Bucket.AVAILABLE),
    (Kind.ACCRUAL, Account.ISSUANCE, Bucket.PENDING),
    (Kind.MATURITY, Bucket.PENDING, Bucket.AVAILABLE),
    (Kind.REDEMPTION, Bucket.AVAILABLE, Account.REDEMPTION),
    (Kind.HOLD, Bucket.AVAILABLE, Bucket.HELD),
    (Kind.CAPTURE, Bucket.HELD, Account.REDEMPTION),
    (Kind.RELEASE, Bucket.HELD, Bucket.AVAILABLE),
    (Kind.LAPSE, Bucket.HELD, Bucket.AVAILABLE),
    (Kind.EXPIRY, Bucket.AVAILABLE, Account.BREAKAGE),
    (Kind.ADJUSTMENT, Account.ADJUSTMENT, Bucket.AVAILABLE),
    (Kind.ADJUSTMENT, Account.ADJUSTMENT, Bucket.PENDING),
    (Kind.ADJUSTMENT, Bucket.AVAILABLE, Account.ADJUSTMENT),
    (Kind.REVERSAL, Account.REDEMPTION, Bucket.AVAILABLE),
    (Kind.REVERSAL, Bucket.AVAILABLE, Account.ISSUANCE),
    (Kind.REVERSAL, Bucket.PENDING, Account.ISSUANCE),
    (Kind.REVERSAL, Bucket.DEBT, Account.ISSUANCE),
    (Kind.SETTLEMENT, Bucket.AVAILABLE, Bucket.DEBT),
    (Kind.DONATION, Bucket.AVAILABLE, Account.DONATION),
    (Kind.TRANSFER, Bucket.AVAILABLE, Account.TRANSFER),
    (Kind.TRANSFER, Account.TRANSFER, Bucket.AVAILABLE),
    (Kind.ENTRY, Bucket.AVAILABLE, Account.RAFFLE),
    (Kind.REVERSAL, Account.RAFFLE, Bucket.AVAILABLE),
]
_KNOWN_MOVES = [tuple(str(word) for word in move) for move in _MOVES]


def _sum(amount: ColumnElement[Any], condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(case((condition, amount), else_=0)), 0)


def _net(bucket: str) -> ColumnElement[Any]:
    """The sum of all transfers into `bucket` less those out of it."""
    return _sum(_T.amount, _T.credit_account == bucket) - _sum(
        _T.amount, _T.debit_account == bucket
    )


_unfitting = select(_T.id).where(
    or_(
        tuple_(_T.kind, _T.debit_account, _T.credit_account).not_in(_KNOWN_MOVES),
        _T.amount <= 0,
    )
)
_other_unit = (
    select(_T.id).join(WALLET, WALLET.c.id == _T.wallet_id).where(_T.unit != WALLET.c.unit)
)
_issued = (
    select(
        _T.unit,
        (
            _sum(_T.amount, _T.debit_account.in_(_PROGRAMME))
            - _sum(_T.amount, _T.credit_account.in_(_PROGRAMME))
        ).label("total"),
    )
    .group_by(_T.unit)
    .subquery()
)
_owned = (
    select(_W.unit, func.sum(_W.available + _W.pending + _W.held - _W.debt).label("total"))
    .group_by(_W.unit)
    .subquery()
)
_unbalanced_units = (
    select(_owned.c.unit)
    .join(_issued, _issued.c.unit == _owned.c.unit, isouter=True)
    .where(_owned.c.total != func.coalesce(_issued.c.total, 0))
)
_in_lots = (
    select(
        LOT.c.wallet_id,
        _sum(LOT.c.remaining, ~LOT.c.is_pending).label("available"),
        _sum(LOT.c.remaining, LOT.c.is_pending).label("pending"),
    )
    .group_by(LOT.c.wallet_id)
    .subquery()
)
_in_holds = (
    select(HOLD.c.wallet_id, func.sum(HOLD.c.amount).label("held"))
    .where(HOLD.c.state == str(HoldState.HELD))
    .group_by(HOLD.c.wallet_id)
    .subquery()
)


def _differing(parts: Any, *names: str) -> Select[tuple[str]]:
    """Select the wallets whose columns `names` differ from those of their `parts`."""
    differ = [WALLET.c[name] != func.coalesce(parts.c[name], 0) for name in names]
    joined = select(_W.id).join(parts, parts.c.wallet_id == _W.id, isouter=True)
    return joined.where(or_(*differ))


_negative = select(_W.id).where(or_(*(_W[bucket.value] < 0 for bucket in Bucket)))
_replayed = (
    select(
        _T.wallet_id,
        _net(Bucket.AVAILABLE).label("available"),
        _net(Bucket.PENDING).label("pending"),
        _net(Bucket.HELD).label("held"),
        (-_net(Bucket.DEBT)).label("debt"),
        (
            _sum(_T.amount, _T.kind == str(Kind.ACCRUAL))
            - _sum(
                _T.amount,
                and_(_T.kind == str(Kind.REVERSAL), _T.credit_account == str(Account.ISSUANCE)),
            )
        ).label("lifetime_earned"),
        func.count().label("version"),
        func.min(_T.wallet_version).label("first_version"),
        func.max(_T.wallet_version).label("last_version"),
    )
    .group_by(_T.wallet_id)
    .subquery()
)
_with_gap = select(_replayed.c.wallet_id).where(
    or_(_replayed.c.first_version != 1, _replayed.c.last_version != _replayed.c.version)
)
_signed: ColumnElement[Any] = case(
    (_T.credit_account == str(Bucket.AVAILABLE), _T.amount),
    (_T.debit_account == str(Bucket.AVAILABLE), -_T.amount),
    else_=0,
)
_running = select(
    _T.id,
    _T.balance_after,
    func.sum(_signed).over(partition_by=_T.wallet_id, order_by=_T.wallet_version).label("balance"),
).subquery()
_wrong_balance = select(_running.c.id).where(_running.c.balance != _running.c.balance_after)
_head: ColumnElement[bool] = and_(_T.wallet_id == _W.id, _T.wallet_version == _W.version)
_wrong_head = (
    select(_W.id)
    .join(TRANSFER, _head, isouter=True)
    .where(_W.head_hash != func.coalesce(_T.hash, ""))
)
_live: ColumnElement[bool] = and_(LOT.c.wallet_id == _W.id, LOT.c.remaining > 0, ~LOT.c.is_pending)


def _owing_while_owning(tx: Connection, setting: Setting) -> Iterable[str]:
    expires_at: Column[Any] = LOT.c.expires_at
    unexpired = select(LOT.c.id).where(_live, or_(expires_at.is_(None), expires_at > setting.now))
    awake = or_(_W.idle_at.is_(None), _W.idle_at > setting.now)
    return tx.execute(select(_W.id).where(_W.debt > 0, awake, unexpired.exists())).scalars()


INVARIANTS = (
    in_sql("L1", "Every transfer moves points between two accounts that fit its kind.", _unfitting),
    in_sql("L1", "A transfer has the unit of its wallet.", _other_unit),
    in_sql("L1", "What members own of a unit is what the programme gave out.", _unbalanced_units),
    in_sql(
        "L2",
        "Available and pending points of a wallet are what is left of its lots.",
        _differing(_in_lots, "available", "pending"),
    ),
    in_sql("L2", "Held points are those of open holds.", _differing(_in_holds, "held")),
    in_sql("L2", "No balance is below zero.", _negative),
    Invariant("L2", "Nobody owes points who has some to spend.", _owing_while_owning),
    in_sql(
        "L3",
        "A stored wallet is the sum of its transfers.",
        _differing(_replayed, "available", "pending", "held", "debt", "lifetime_earned", "version"),
    ),
    in_sql("L3", "The movements of a wallet are numbered 1 to n without a gap.", _with_gap),
    in_sql("L3", "Each transfer notes the balance after it.", _wrong_balance),
    in_sql("L3", "A wallet ends with the hash of its last movement.", _wrong_head),
)
