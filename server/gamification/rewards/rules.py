"""Who can have what, and how a reward stands to a member: pure decisions."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from server.core.clock import local_date, start_of_day
from server.core.errors import Refusal
from server.gamification.rewards.errors import (
    NotEligible,
    RewardLimitReached,
    RewardSoldOut,
    TierTooLow,
)
from server.gamification.rewards.types import (
    Period,
    Reward,
    Shelf,
    Shopper,
    Standing,
    Stock,
    Taken,
)

ALMOST_PCT = 75
LOW_STOCK_MAX = 5
_NOTHING: Mapping[str, int] = MappingProxyType({})


def stock_of(reward: Reward, stored: Stock | None) -> Stock | None:
    """Return the stock as it counts now, None when it is endless.

    A newly published total takes effect at once and is never less than what is given out.
    """
    if reward.stock is None:
        return None
    if stored is None:
        return Stock(reward.stock, 0, 0, reward.version)
    if stored.version == reward.version:
        return stored
    given = stored.reserved + stored.sold
    return Stock(max(reward.stock, given), stored.reserved, stored.sold, reward.version)


def period_start(period: Period, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the calendar period of `now` began in `zone`; weeks begin on Monday."""
    today = local_date(now, zone)
    first: date = {
        Period.DAY: today,
        Period.WEEK: today - timedelta(days=today.weekday()),
        Period.MONTH: today.replace(day=1),
        Period.YEAR: today.replace(month=1, day=1),
    }[period]
    return start_of_day(first, zone)


def why_not_redeemed(
    reward: Reward, tier_key: str | None, taken: Taken, stock: Stock | None, now: datetime
) -> Refusal | None:
    """Return why a member cannot have the reward, whatever it costs; None when nothing speaks
    against it.
    """
    reasons = _reasons(reward, now)
    if reasons:
        return NotEligible(reasons=reasons)
    if reward.tiers and tier_key not in reward.tiers:
        return TierTooLow(tiers=list(reward.tiers))
    if stock is not None and stock.free <= 0:
        return RewardSoldOut()
    return _why_limited(reward, taken)


def _reasons(reward: Reward, now: datetime) -> list[str]:
    over = reward.validity.until_at is not None and reward.validity.until_at <= now
    found = {
        "gift_only": reward.is_gift_only,
        "not_available_now": over or not reward.available.is_open(now),
    }
    return [reason for reason, holds in found.items() if holds]


def _why_limited(reward: Reward, taken: Taken) -> Refusal | None:
    limit = reward.limit
    if limit.total and taken.total >= limit.total:
        return RewardLimitReached(limit=limit.total, period="ever")
    if limit.per_period and taken.in_period >= limit.per_period:
        return RewardLimitReached(limit=limit.per_period, period=str(limit.period))
    return None


_SHELVES: Mapping[str, Shelf] = MappingProxyType(
    {TierTooLow.code: Shelf.LOCKED, RewardSoldOut.code: Shelf.SOLD_OUT}
)


def standing_of(
    reward: Reward, shopper: Shopper, taken: Taken, stock: Stock | None, now: datetime
) -> Standing:
    """Return how a reward stands to a member, and what is missing for it."""
    missing = missing_for(reward, shopper.spendable)
    refusal = why_not_redeemed(reward, shopper.tier_key, taken, stock, now)
    if refusal is not None:
        shelf = _SHELVES.get(refusal.code, Shelf.NOT_ELIGIBLE)
        return Standing(shelf, missing, refusal.code)
    if not missing:
        return Standing(Shelf.AFFORDABLE, _NOTHING)
    shelf = Shelf.ALMOST if is_almost(reward.price, missing) else Shelf.SAVING
    return Standing(shelf, missing, "balance_insufficient")


def is_almost(price: Mapping[str, int], missing: Mapping[str, int]) -> bool:
    """Tell whether at least three quarters of each part of the price are there."""
    parts = ((price[unit], gap) for unit, gap in missing.items())
    return all((whole - gap) * 100 >= whole * ALMOST_PCT for whole, gap in parts)


def missing_for(reward: Reward, spendable: Mapping[str, int]) -> Mapping[str, int]:
    """Return how much is missing for the price, by unit; empty when it can be paid."""
    gaps = {unit: amount - spendable.get(unit, 0) for unit, amount in reward.price.items()}
    return {unit: gap for unit, gap in gaps.items() if gap > 0}


def shelf_order(reward: Reward, standing: Standing) -> tuple[int, bool, int]:
    """Return the sort key of the catalogue: what can be had first, then what is near."""
    return (
        list(Shelf).index(standing.shelf),
        not reward.is_featured,
        sum(standing.missing.values()) or sum(reward.price.values()),
    )
