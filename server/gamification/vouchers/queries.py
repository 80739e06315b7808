"""Reading vouchers, what was paid for them, and how they were used."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, case, func, or_, select

from server.core.columns import among
from server.core.crypto import Vault
from server.core.pagination import newest_first
from server.core.statements import Later, Prepared
from server.gamification.ledger.models import WALLET
from server.gamification.programme.types import POINTS
from server.gamification.rewards.types import StockState, Taken
from server.gamification.vouchers import codes
from server.gamification.vouchers.models import REWARD_CODE, VOUCHER, VOUCHER_PRICE, VOUCHER_USE
from server.gamification.vouchers.types import Fulfilment, Paid, Use, Voucher, VoucherState

_V, _P, _U = VOUCHER.c, VOUCHER_PRICE.c, VOUCHER_USE.c
_COUNTED = or_(
    _V.state == str(VoucherState.ACTIVE), _V.state == str(VoucherState.USED), _V.is_settled
)
_BY_ID: Select[Any] = select(VOUCHER).where(_V.id == bindparam("id"))
_FIND = Prepared(_BY_ID)
_LOCK = Prepared(_BY_ID.with_for_update())
_BY_LOCATOR = Prepared(select(VOUCHER).where(_V.locator == bindparam("locator")))
_BY_POOL = Prepared(
    select(VOUCHER)
    .join(REWARD_CODE, REWARD_CODE.c.voucher_id == _V.id)
    .where(among(REWARD_CODE.c.code_hash, "hashes"))
)
_POOL_CODE = Prepared(
    select(REWARD_CODE.c.id, REWARD_CODE.c.code_sealed).where(
        REWARD_CODE.c.voucher_id == bindparam("voucher_id")
    )
)
_PRICES = Prepared(select(VOUCHER_PRICE).where(among(_P.voucher_id, "ids")).order_by(_P.unit))
_STANDING_USE = Prepared(
    select(VOUCHER_USE).where(_U.voucher_id == bindparam("voucher_id"), _U.undone_at.is_(None))
)
_USE = Prepared(select(VOUCHER_USE).where(_U.id == bindparam("id")))
_USES = Prepared(select(VOUCHER_USE).where(among(_U.voucher_id, "ids"), _U.undone_at.is_(None)))
_DUE = Prepared(
    select(_V.id)
    .join(
        WALLET,
        and_(WALLET.c.member_id == _V.member_id, WALLET.c.unit == POINTS),
        isouter=True,
    )
    .where(_V.state == "active", _V.expires_at <= bindparam("now"))
    .order_by(WALLET.c.id, _V.id)
    .limit(bindparam("limit"))
)
_NEXT_END = Prepared(
    select(_V.expires_at)
    .where(_V.state == "active", _V.expires_at > bindparam("now"))
    .order_by(_V.expires_at)
    .limit(1)
)
_TAKEN = Prepared(
    select(
        func.count().label("total"),
        func.coalesce(func.sum(case((_V.created_at >= bindparam("since"), 1), else_=0)), 0).label(
            "in_period"
        ),
    ).where(
        _V.member_id == bindparam("member_id"),
        _V.reward_id == bindparam("reward_id"),
        _V.ref_kind == "redemption",
        _COUNTED,
    )
)
_TAKEN_ALL = Prepared(
    select(_V.reward_id, _V.created_at).where(
        _V.member_id == bindparam("member_id"),
        among(_V.reward_id, "ids"),
        _V.ref_kind == "redemption",
        _COUNTED,
    )
)
_PAGE = Prepared(
    newest_first(
        select(VOUCHER).where(_V.member_id == bindparam("member_id")), _V.created_at, _V.id
    )
)
_PAGE_IN = Prepared(
    newest_first(
        select(VOUCHER).where(
            _V.member_id == bindparam("member_id"), _V.state == bindparam("state")
        ),
        _V.created_at,
        _V.id,
    )
)


def voucher_of(row: Any) -> Voucher:
    """Turn a row into a voucher."""
    return Voucher(
        id=row.id,
        member_id=row.member_id,
        reward_id=row.reward_id,
        reward_version=row.reward_version,
        state=VoucherState(row.state),
        stock=StockState(row.stock),
        is_settled=bool(row.is_settled),
        money_minor=row.money_minor,
        fulfilment=Fulfilment(row.fulfilment) if row.fulfilment else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        locator=row.locator,
        ref_kind=row.ref_kind,
        ref_id=row.ref_id,
    )


def find_voucher(tx: Connection, voucher_id: str) -> Voucher | None:
    """Return a voucher as stored, or None."""
    row = _FIND.first(tx, {"id": voucher_id})
    return voucher_of(row) if row else None


def lock_voucher(tx: Connection, voucher_id: str) -> Voucher:
    """Lock a voucher that exists, after its member's wallets, and return it."""
    return voucher_of(_LOCK.first(tx, {"id": voucher_id}))


def find_by_code(tx: Connection, vault: Vault, text: str) -> Voucher | None:
    """Return the voucher with a code, as typed or scanned, or None."""
    code = codes.normal_code(text)
    if codes.has_code_form(code):
        rows = _BY_LOCATOR.all(tx, {"locator": codes.locator_of(code)})
        for row in rows:
            if codes.is_code_of(vault, row.id, row.locator, code):
                return voucher_of(row)
    hashes = vault.blind_indexes(codes.INDEX, code)
    pooled = _BY_POOL.first(tx, {"hashes": list(hashes)})
    return voucher_of(pooled) if pooled else None


def read_code(tx: Connection, vault: Vault, voucher: Voucher) -> str | None:
    """Return the code of a voucher without separators, None when it has none."""
    if voucher.locator is not None:
        return codes.code_of(vault, voucher.id, voucher.locator)
    row = _POOL_CODE.first(tx, {"voucher_id": voucher.id})
    return vault.open(row.code_sealed, row.id) if row else None


def list_prices(tx: Connection, ids: Sequence[str]) -> dict[str, list[Paid]]:
    """Return what was paid for each of these vouchers, by voucher and in the order of units."""
    found: dict[str, list[Paid]] = {}
    for row in _PRICES.all(tx, {"ids": list(ids)}):
        paid = Paid(row.unit, row.amount, row.hold_id, row.transfer_id)
        found.setdefault(row.voucher_id, []).append(paid)
    return found


def find_standing_use(tx: Connection, voucher_id: str) -> Use | None:
    """Return the use of a voucher that was not undone, or None."""
    row = _STANDING_USE.first(tx, {"voucher_id": voucher_id})
    return _use_of(row) if row else None


def list_standing_uses(tx: Connection, ids: Sequence[str]) -> dict[str, Use]:
    """Return the uses that were not undone of these vouchers, by voucher."""
    return {row.voucher_id: _use_of(row) for row in _USES.all(tx, {"ids": list(ids)})}


def find_use(tx: Connection, use_id: str) -> Use | None:
    """Return one use, undone or not, or None."""
    row = _USE.first(tx, {"id": use_id})
    return _use_of(row) if row else None


def _use_of(row: Any) -> Use:
    return Use(
        row.id,
        row.voucher_id,
        row.location_id,
        row.actor,
        row.external_id,
        row.used_at,
        row.undone_at,
    )


def list_due_vouchers(tx: Connection, now: datetime, limit: int) -> list[str]:
    """Return up to `limit` active vouchers whose time is over, in the order of their wallets."""
    return [row.id for row in _DUE.all(tx, {"now": now, "limit": limit})]


def next_end_at(tx: Connection, now: datetime) -> datetime | None:
    """Return when the next active voucher runs out after `now`, None for none."""
    row = _NEXT_END.first(tx, {"now": now})
    return row.expires_at if row else None


def count_taken(tx: Connection, member_id: str, reward_id: str, since: datetime) -> Taken:
    """Return how many of a reward a member has taken, ever and since the period began.

    What came back unused does not count, nor what was given.
    """
    of = {"member_id": member_id, "reward_id": reward_id, "since": since}
    row = _TAKEN.first(tx, of)
    return Taken(row.total, int(row.in_period))


def list_taken(tx: Connection, member_id: str, since: Mapping[str, datetime]) -> dict[str, Taken]:
    """Return how many of these rewards a member has taken; `since` has their periods' starts."""
    return ask_taken(tx, member_id, since)()


def ask_taken(
    tx: Connection, member_id: str, since: Mapping[str, datetime]
) -> Later[dict[str, Taken]]:
    """Send the question of `list_taken`."""
    sent = _TAKEN_ALL.send(tx, {"member_id": member_id, "ids": list(since)})

    def answer() -> dict[str, Taken]:
        found: dict[str, Taken] = {}
        for row in sent.all():
            taken = found.get(row.reward_id, Taken())
            is_new = int(row.created_at >= since[row.reward_id])
            found[row.reward_id] = Taken(taken.total + 1, taken.in_period + is_new)
        return found

    return answer


def page_vouchers(
    tx: Connection, member_id: str, parameters: dict[str, Any], state: str | None = None
) -> list[Any]:
    """Return the rows of a page of a member's vouchers, newest first, all or in one state."""
    of = {"member_id": member_id, **parameters}
    return _PAGE.all(tx, of) if state is None else _PAGE_IN.all(tx, of | {"state": state})
