"""Taking rewards: a price set aside or spent, a piece of the stock, a voucher with its code."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.outbox import record
from server.core.statements import Prepared
from server.gamification.holds.service import place_hold
from server.gamification.holds.types import Purpose
from server.gamification.ledger.book import Book
from server.gamification.ledger.service import open_book, save_book
from server.gamification.ledger.types import Cause, Kind
from server.gamification.programme.queries import current_revision, get_programme
from server.gamification.programme.types import POINTS
from server.gamification.rewards.catalogue import get_catalogue
from server.gamification.rewards.rules import period_start, stock_of, why_not_redeemed
from server.gamification.rewards.stock import list_stock, take_stock
from server.gamification.rewards.types import CodeSource, Reward, RewardKind
from server.gamification.vouchers import codes, events, rules
from server.gamification.vouchers.models import VOUCHER, VOUCHER_PRICE, VOUCHER_USE
from server.gamification.vouchers.pool import take_code
from server.gamification.vouchers.queries import count_taken
from server.gamification.vouchers.types import Paid, Voucher, VoucherState

_INSERT = Prepared(insert(VOUCHER))
_INSERT_PRICE = Prepared(insert(VOUCHER_PRICE))
_INSERT_USE = Prepared(insert(VOUCHER_USE))


@dataclass(frozen=True, slots=True)
class Asked:
    """Who takes which reward; the tier is as the entry point has settled it."""

    member_id: str
    reward_id: str
    tier_key: str | None
    actor: str


@dataclass(frozen=True, slots=True)
class Reason:
    """For what a voucher is given, by whom."""

    ref_kind: str
    ref_id: str
    actor: str


def redeem(tx: Connection, asked: Asked, now: datetime) -> Voucher:
    """Let a member take a reward for its price.

    The price is held until the voucher's end (spent at once for what cannot come back). Raise
    `NotFound`, `NotEligible`, `TierTooLow`, `RewardSoldOut`, `RewardLimitReached`,
    `CodeExhausted`, `BalanceInsufficient`.
    """
    revision = current_revision(tx)
    reward = get_catalogue(tx, revision).get(asked.reward_id)
    books = lock_wallets(tx, asked.member_id, [*reward.price], now)
    _check(tx, reward, asked, now)
    made = _new_voucher(tx, reward, asked.member_id, now)
    voucher = replace(made, ref_kind="redemption", ref_id=made.id)
    paid = [_pay(tx, reward, voucher, books[unit], asked.actor) for unit in sorted(reward.price)]
    _store(tx, reward, voucher)
    _INSERT_PRICE.run(tx, [_price_row(voucher, part) for part in paid])
    if voucher.state is VoucherState.USED:
        _INSERT_USE.run(tx, [_use_row(voucher, asked.actor)])
    record(tx, [events.redeemed(voucher, reward.price)], now=now)
    return voucher


def issue(
    tx: Connection, member_id: str, reward_key: str, reason: Reason, now: datetime
) -> Voucher:
    """Give a member a voucher of a reward for nothing; limits and tiers do not matter.

    A refusal leaves nothing behind. Raise `NotFound` for a reward that is not published,
    `RewardSoldOut`, `CodeExhausted`.
    """
    revision = current_revision(tx)
    reward = get_catalogue(tx, revision).by_key.get(reward_key)
    if reward is None or reward.kind is RewardKind.DONATION:
        raise NotFound(f"There is no reward {reward_key} to be given.")
    open_book(tx, member_id, POINTS, now)
    with tx.begin_nested():
        made = _new_voucher(tx, reward, member_id, now)
        voucher = replace(made, ref_kind=reason.ref_kind, ref_id=reason.ref_id, money_minor=0)
        _store(tx, reward, voucher)
    record(tx, [events.issued(voucher)], now=now)
    return voucher


def lock_wallets(
    tx: Connection, member_id: str, units: list[str], now: datetime
) -> dict[str, Book]:
    """Lock a member's wallets and return their books: points first, they stand for the member.

    Whoever has that lock is alone with the member, so the order of the others does not matter.
    """
    others = sorted(unit for unit in units if unit != POINTS)
    return {unit: open_book(tx, member_id, unit, now) for unit in [POINTS, *others]}


def _check(tx: Connection, reward: Reward, asked: Asked, now: datetime) -> None:
    zone = get_programme(tx).zone
    since = period_start(reward.limit.period, now, zone)
    taken = count_taken(tx, asked.member_id, reward.id, since)
    stock = stock_of(reward, list_stock(tx).get(reward.id))
    refusal = why_not_redeemed(reward, asked.tier_key, taken, stock, now)
    if refusal is not None:
        raise refusal


def _new_voucher(tx: Connection, reward: Reward, member_id: str, now: datetime) -> Voucher:
    """Return the voucher as it begins, its piece of the stock taken. Raise `RewardSoldOut`."""
    state, stock = rules.first_states(reward)
    take_stock(tx, reward, stock)
    return Voucher(
        id=new_id("vch", now),
        member_id=member_id,
        reward_id=reward.id,
        reward_version=reward.version,
        state=state,
        stock=stock,
        is_settled=reward.is_settled_at_once,
        money_minor=reward.money_minor,
        fulfilment=rules.first_fulfilment(reward),
        created_at=now,
        expires_at=rules.voucher_end(reward.validity, now, get_programme(tx).zone),
        ended_at=now if state is VoucherState.USED else None,
        locator=codes.new_locator() if rules.has_own_code(reward) else None,
        ref_kind="",
        ref_id="",
    )


def _pay(tx: Connection, reward: Reward, voucher: Voucher, book: Book, actor: str) -> Paid:
    unit, now = book.wallet.unit, voucher.created_at
    amount = reward.price[unit]
    if voucher.is_settled:
        kind = Kind.DONATION if reward.kind is RewardKind.DONATION else Kind.REDEMPTION
        transfer_id = book.spend(amount, Cause("voucher", voucher.id, actor, now, now), kind)
        save_book(tx, book)
        return Paid(unit, amount, None, transfer_id)
    return hold_price(tx, voucher, book, amount, Cause("hold", new_id("hld", now), actor, now, now))


def hold_price(tx: Connection, voucher: Voucher, book: Book, amount: int, cause: Cause) -> Paid:
    """Set a part of the price aside until the end of the voucher. Raise `BalanceInsufficient`."""
    length = voucher.expires_at - cause.recorded_at
    hold = place_hold(tx, book, amount, cause, length, Purpose.VOUCHER)
    return Paid(book.wallet.unit, amount, hold.id, None)


def _store(tx: Connection, reward: Reward, voucher: Voucher) -> None:
    """Write a voucher down; one of somebody else's codes is taken for it. Raise `CodeExhausted`."""
    if reward.codes is CodeSource.UPLOADED:
        take_code(tx, reward.id, voucher.id, voucher.created_at)
    _INSERT.run(tx, [_row(voucher)])


def _row(voucher: Voucher) -> dict[str, Any]:
    row = {name: getattr(voucher, name) for name in Voucher.__dataclass_fields__}
    fulfilment = voucher.fulfilment and str(voucher.fulfilment)
    words = {"state": str(voucher.state), "stock": str(voucher.stock), "fulfilment": fulfilment}
    return row | words


def _price_row(voucher: Voucher, paid: Paid) -> dict[str, Any]:
    return {
        "voucher_id": voucher.id,
        "unit": paid.unit,
        "amount": paid.amount,
        "hold_id": paid.hold_id,
        "transfer_id": paid.transfer_id,
    }


def _use_row(voucher: Voucher, actor: str) -> dict[str, Any]:
    return {
        "id": new_id("vrd", voucher.created_at),
        "voucher_id": voucher.id,
        "location_id": None,
        "actor": actor,
        "external_id": None,
        "used_at": voucher.created_at,
        "undone_at": None,
        "undone_by": None,
    }
