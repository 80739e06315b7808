"""Rewards and vouchers as members see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import segno

from server.api.presenters.actions import ActionOut, ImageOut, action, present_image
from server.api.presenters.balances import unit_view
from server.api.schemas import Boolean, Instant, Integer, Items, Money, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import gettext, in_language, message
from server.gamification.programme.types import Programme
from server.gamification.rewards.rules import LOW_STOCK_MAX
from server.gamification.rewards.types import (
    CodeSource,
    Reward,
    RewardKind,
    Shelf,
    Standing,
    Stock,
    Taken,
)
from server.gamification.tiers.types import Ladder
from server.gamification.vouchers.codes import qr_payload, written
from server.gamification.vouchers.rules import why_not_cancelled
from server.gamification.vouchers.types import Paid, Use, Voucher, VoucherState


class PriceOut(Out):
    """A part of a price."""

    amount = Integer(required=True)
    unit = Text(required=True)
    text = Text(required=True)


class ValueOut(Out):
    """What a reward takes off a bill or gives; flat, see `kind`."""

    kind = Text(required=True)
    percent_bp = Integer(required=True, allow_none=True)
    amount = Nested(Money, required=True, allow_none=True)
    skus = Items(Text(), required=True)
    cause = Text(required=True, allow_none=True)


class StockOut(Out):
    """How many are left, roughly: `state` is in_stock, low or sold_out."""

    state = Text(required=True)
    text = Text(required=True)


class LimitOut(Out):
    """How many a member may have (null: any number), in all and in each period."""

    per_member = Integer(required=True, allow_none=True)
    used = Integer(required=True)
    per_period = Integer(required=True, allow_none=True)
    used_in_period = Integer(required=True)
    period = Text(required=True)


class RewardOut(Out):
    """A reward. `state` is affordable, almost, saving, locked, sold_out or not_eligible; `price` is
    its first part, `prices` all of them; `missing` is what is missing of the first.
    """

    id = Text(required=True)
    key = Text(required=True)
    title = Text(required=True)
    description = Text(required=True, allow_none=True)
    category = Text(required=True, allow_none=True)
    is_featured = Boolean(required=True)
    image = Nested(ImageOut, required=True, allow_none=True)
    value = Nested(ValueOut, required=True)
    price = Nested(PriceOut, required=True, allow_none=True)
    prices = Items(Nested(PriceOut), required=True)
    money = Nested(Money, required=True, allow_none=True)
    state = Text(required=True)
    missing = Integer(required=True)
    text = Text(required=True)
    stock = Nested(StockOut, required=True, allow_none=True)
    limit = Nested(LimitOut, required=True)
    tier_required = Text(required=True, allow_none=True)
    valid_until = Instant(required=True, allow_none=True)
    fulfilment = Text(required=True)
    on_expiry = Text(required=True)
    is_wished = Boolean(required=True)
    actions = Items(Nested(ActionOut), required=True)


class VoucherSummary(Out):
    """A voucher without its code. `state` is active, used, cancelled, withdrawn or expired."""

    id = Text(required=True)
    reward_id = Text(required=True)
    title = Text(required=True)
    state = Text(required=True)
    value = Nested(ValueOut, required=True)
    prices = Items(Nested(PriceOut), required=True)
    money = Nested(Money, required=True, allow_none=True)
    image = Nested(ImageOut, required=True, allow_none=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)
    location_id = Text(required=True, allow_none=True)
    fulfilment = Text(required=True, allow_none=True)
    on_expiry = Text(required=True)
    on_expiry_text = Text(required=True)
    cancellable = Boolean(required=True)
    actions = Items(Nested(ActionOut), required=True)


class QrOut(Out):
    """The code for scanners, as text and as a picture."""

    payload = Text(required=True)
    svg = Text(required=True, metadata={"description": "An SVG element, black on white."})


class VoucherOut(VoucherSummary):
    """A voucher with its code, which is null once it cannot be used."""

    code = Text(required=True, allow_none=True)
    qr = Nested(QrOut, required=True, allow_none=True)
    instructions = Text(required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class RewardView:
    """Rewards as one reader sees them."""

    programme: Programme
    ladder: Ladder
    locale: str
    now: datetime

    def amount(self, unit: str, amount: int) -> str:
        """Return an amount of a unit in words."""
        return str(unit_view(self.programme, unit, self.locale, self.now).text(amount))

    def money(self, minor: int) -> dict[str, Any] | None:
        """Return an amount of money, None for nothing."""
        currency = self.programme.currency_code
        return {"amount_minor": minor, "currency": currency} if minor else None

    def tiers(self, reward: Reward) -> str | None:
        """Return the names of the tiers that may have a reward, None when all may."""
        return self.tiers_named(reward.tiers) or None

    def tiers_named(self, keys: Sequence[str]) -> str:
        """Return the names of tiers by their keys."""
        names = [tier.names for tier in self.ladder.tiers if tier.key in keys]
        return ", ".join(in_language(one, self.locale) for one in names)


def present_reward(
    reward: Reward,
    standing: Standing,
    taken: Taken,
    stock: Stock | None,
    is_wished: bool,
    view: RewardView,
) -> dict[str, Any]:
    """Return a reward as it stands to a member."""
    prices = prices_of(reward.price, view)
    first = prices[0] if prices else None
    return {
        "id": reward.id,
        "key": reward.key,
        "title": in_language(reward.names, view.locale),
        "description": in_language(reward.texts, view.locale) or None,
        "category": reward.category or None,
        "is_featured": reward.is_featured,
        "image": present_image(reward.image, view.locale),
        "value": present_value(reward, view),
        "price": first,
        "prices": prices,
        "money": view.money(reward.money_minor),
        "state": standing.shelf,
        "missing": standing.missing.get(first["unit"], 0) if first else 0,
        "text": _text(reward, standing, view),
        "stock": _present_stock(stock, view),
        "limit": _present_limit(reward, taken),
        "tier_required": view.tiers(reward),
        "valid_until": reward.available.until_at,
        "fulfilment": _fulfilment_of(reward),
        "on_expiry": _on_expiry(reward.is_settled_at_once, bool(prices)),
        "is_wished": is_wished,
        "actions": [action("redeem", gettext(view.locale, "Redeem"), standing.reason)],
    }


def prices_of(price: Mapping[str, int], view: RewardView) -> list[dict[str, Any]]:
    """Return the parts of a price, points first."""
    units = sorted(price, key=lambda unit: (unit != "points", unit))
    return [
        {"amount": price[unit], "unit": unit, "text": view.amount(unit, price[unit])}
        for unit in units
    ]


def present_value(reward: Reward, view: RewardView) -> dict[str, Any]:
    """Return what a reward takes off a bill or gives."""
    return {
        "kind": reward.kind,
        "percent_bp": reward.value.percent_bp or None,
        "amount": view.money(reward.value.amount_minor),
        "skus": list(reward.value.skus),
        "cause": in_language(reward.value.causes, view.locale) or reward.value.cause or None,
    }


_TEXTS = {
    "reward_limit_reached": message("You have had it already"),
    "not_eligible": message("Cannot be had just now"),
    "reward_sold_out": message("Sold out"),
}


def _text(reward: Reward, standing: Standing, view: RewardView) -> str:
    if standing.shelf is Shelf.AFFORDABLE:
        return gettext(view.locale, "You have enough for this")
    if standing.shelf is Shelf.LOCKED:
        return gettext(view.locale, "For {tiers}", tiers=view.tiers(reward) or "?")
    if standing.reason in _TEXTS:
        return gettext(view.locale, _TEXTS[standing.reason])
    missing = [view.amount(unit, gap) for unit, gap in standing.missing.items()]
    return gettext(view.locale, "{amount} to go", amount=" + ".join(missing))


def _present_stock(stock: Stock | None, view: RewardView) -> dict[str, Any] | None:
    if stock is None:
        return None
    if stock.free <= 0:
        return {"state": "sold_out", "text": gettext(view.locale, "Sold out")}
    if stock.free <= LOW_STOCK_MAX:
        return {"state": "low", "text": gettext(view.locale, "Few left")}
    return {"state": "in_stock", "text": gettext(view.locale, "In stock")}


def _present_limit(reward: Reward, taken: Taken) -> dict[str, Any]:
    return {
        "per_member": reward.limit.total or None,
        "used": taken.total,
        "per_period": reward.limit.per_period or None,
        "used_in_period": taken.in_period,
        "period": reward.limit.period,
    }


def _fulfilment_of(reward: Reward) -> str:
    if reward.kind is RewardKind.PHYSICAL:
        return "handed_over"
    if reward.is_used_at_once:
        return "at_once"
    return "code_of_partner" if reward.codes is CodeSource.UPLOADED else "in_store_code"


def _on_expiry(is_settled: bool, has_price: bool) -> str:
    return "points_returned" if has_price and not is_settled else "nothing"


def summarise_voucher(
    voucher: Voucher, reward: Reward, paid: list[Paid], use: Use | None, view: RewardView
) -> dict[str, Any]:
    """Return a voucher without its code."""
    refusal = why_not_cancelled(voucher, reward, view.now)
    on_expiry = _on_expiry(voucher.is_settled, bool(paid))
    label = gettext(view.locale, "Give back")
    reason = str(refusal.params["reason"]) if refusal else None
    return {
        "id": voucher.id,
        "reward_id": voucher.reward_id,
        "title": in_language(reward.names, view.locale),
        "state": state_of(voucher, view.now),
        "value": present_value(reward, view),
        "prices": prices_of({part.unit: part.amount for part in paid}, view),
        "money": view.money(voucher.money_minor),
        "image": present_image(reward.image, view.locale),
        "created_at": voucher.created_at,
        "expires_at": voucher.expires_at,
        "ended_at": voucher.ended_at,
        "location_id": use.location_id if use else None,
        "fulfilment": voucher.fulfilment,
        "on_expiry": on_expiry,
        "on_expiry_text": _ending_text(voucher, reward, bool(paid), view),
        "cancellable": refusal is None,
        "actions": [action("cancel", label, reason)],
    }


_EXPIRIES = {
    "points_returned": message("Unused? What it cost comes back by itself."),
    "nothing": message("Please use it in time."),
}
_OVER = (VoucherState.CANCELLED, VoucherState.WITHDRAWN, VoucherState.EXPIRED)
_ENDINGS = {
    VoucherState.USED: message("It was used."),
    VoucherState.CANCELLED: message("It was given back."),
    VoucherState.WITHDRAWN: message("It was withdrawn."),
    VoucherState.EXPIRED: message("It was not used in time."),
}


def _ending_text(voucher: Voucher, reward: Reward, has_price: bool, view: RewardView) -> str:
    """Say what becomes of a voucher that is not used, or what has become of it."""
    state = state_of(voucher, view.now)
    if state is VoucherState.USED and reward.kind is RewardKind.DONATION:
        return gettext(view.locale, "Thank you for giving.")
    if state in _ENDINGS:
        return gettext(view.locale, _ENDINGS[state])
    return gettext(view.locale, _EXPIRIES[_on_expiry(voucher.is_settled, has_price)])


def state_of(voucher: Voucher, now: datetime) -> VoucherState:
    """Return the state of a voucher at `now`: past its time it has expired, noted or not."""
    is_over = voucher.state is VoucherState.ACTIVE and voucher.expires_at <= now
    return VoucherState.EXPIRED if is_over else voucher.state


def with_code(
    summary: dict[str, Any], reward: Reward, code: str | None, locale: str
) -> dict[str, Any]:
    """Return a voucher with its code and how to use it."""
    is_over = summary["state"] in _OVER and code is None
    told = "" if is_over else in_language(reward.instructions, locale)
    if not told and code is not None:
        elsewhere, here = (
            message("Use this code at the partner's."),
            message("Show this at the till."),
        )
        told = gettext(locale, elsewhere if reward.codes is CodeSource.UPLOADED else here)
    return summary | _present_code(reward, code) | {"instructions": told or None}


def _present_code(reward: Reward, code: str | None) -> dict[str, Any]:
    """Return a code for people and scanners; somebody else's is shown just as it was uploaded."""
    if code is None:
        return {"code": None, "qr": None}
    if reward.codes is CodeSource.UPLOADED:
        return {"code": code, "qr": _present_qr(code)}
    return {"code": written(code), "qr": _present_qr(qr_payload(code))}


def _present_qr(payload: str) -> dict[str, Any]:
    picture = BytesIO()
    segno.make_qr(payload, error="m").save(
        picture, kind="svg", scale=4, xmldecl=False, light="#fff", nl=False
    )
    return {"payload": payload, "svg": picture.getvalue().decode()}
