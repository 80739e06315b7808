"""Purchases: what they gave, what they did not give and why, in words."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from server.api.presenters.tiers import TierView
from server.api.schemas import Boolean, Instant, Integer, Money, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.clock import local_date
from server.core.i18n import format_date, format_hundredths, format_money, gettext, message
from server.gamification.activities.trace import parts_of
from server.gamification.earning.types import Reason
from server.gamification.tiers.types import Tier

_REASONS: Mapping[str, str] = {
    Reason.OUTSIDE_SCHEDULE: message("Not valid at the time of this purchase."),
    Reason.OTHER_LOCATION: message("Not valid at this location."),
    Reason.BELOW_MINIMUM: message("The purchase must be at least {minimum}."),
    Reason.NO_MATCHING_ITEMS: message("Nothing in the basket belongs to it."),
    Reason.OTHER_WEEKDAY: message("Not on this day of the week."),
    Reason.ALREADY_VISITED: message("Today's visit was counted before."),
    Reason.CAP_REACHED: message("The limit of this rule is reached."),
    Reason.TOO_LITTLE: message("Too little for a whole point."),
}


class PointsPart(Out):
    """Points of an effect. Pending points become available at `available_at`, or (null) when the
    purchase is confirmed.
    """

    amount = Integer(required=True)
    unit = Text(required=True)
    pending = Boolean(required=True)
    available_at = Instant(required=True, allow_none=True)
    expires_at = Instant(required=True, allow_none=True)


class DiscountPart(Out):
    """Money off the bill. `line` is null: the whole bill."""

    amount_minor = Integer(required=True)
    currency = Text(required=True)
    line = Integer(required=True, allow_none=True)


class TierPart(Out):
    """A tier that was reached (or lost), or earned anew."""

    id = Text(required=True)
    name = Text(required=True)


class Effect(Out):
    """One thing that happened; the object named like the kind is set, the others are null."""

    kind = Text(
        required=True,
        metadata={
            "description": "points_awarded, points_spent, tier_changed, tier_renewed, discount, …"
        },
    )
    text = Text(required=True)
    points = Nested(PointsPart, required=True, allow_none=True)
    discount = Nested(DiscountPart, required=True, allow_none=True)
    tier = Nested(TierPart, required=True, allow_none=True)


class NotAppliedOut(Out):
    """A rule that gave nothing, and the first reason why."""

    rule_id = Text(required=True)
    name = Text(required=True)
    reason = Text(required=True)
    text = Text(required=True)


class AppliedOut(Out):
    """A rule that gave points, or stars: which version, how many, and the sum behind it in words.

    `points` counts the unit named by `unit`.
    """

    rule_id = Text(required=True)
    version = Integer(required=True)
    name = Text(required=True)
    points = Integer(required=True)
    unit = Text(required=True)
    text = Text(required=True)


class TransactionOut(Out):
    """A purchase as recorded. `duplicate` is true when this receipt was known before."""

    id = Text(required=True)
    duplicate = Boolean(required=True)
    state = Text(required=True)
    member_id = Text(required=True)
    occurred_at = Instant(required=True)
    total = Nested(Money, required=True)


def effects_of(trace: Mapping[str, Any], currency: str, view: TierView) -> list[dict[str, Any]]:
    """Return everything that a purchase brought about, from its stored trace."""
    found = [
        points_awarded(part, view.of_unit(unit))
        for unit, part in parts_of(trace).items()
        if part["points"]
    ]
    found += [_points_spent(part, currency, view) for part in trace["spent"]]
    if trace.get("tier_change"):
        found.append(_tier_changed(trace["tier_change"], view))
    if trace.get("tier_renewed"):
        found.append(_tier_renewed(trace["tier_renewed"], view))
    return found


def effect(kind: str, text: str, **parts: Any) -> dict[str, Any]:
    """Return an `Effect`; `parts` is the object named like its kind, if there is one."""
    return {"kind": kind, "text": text, "points": None, "discount": None, "tier": None} | parts


def points_awarded(trace: Mapping[str, Any], view: TierView) -> dict[str, Any]:
    """Return points of the view's unit as an effect: `points`, `available_at`, `expires_at`."""
    available_at = trace["available_at"]
    pending = available_at is None or datetime.fromisoformat(available_at) > view.points.now
    msgid = _awarded_text(available_at, pending=pending)
    points = {
        "amount": trace["points"],
        "unit": view.points.unit.code,
        "pending": pending,
        "available_at": available_at,
        "expires_at": trace["expires_at"],
    }
    zone = view.points.programme.zone
    at = datetime.fromisoformat(available_at) if available_at else view.points.now
    text = gettext(
        view.locale,
        msgid,
        points=view.points.text(trace["points"]),
        date=format_date(view.locale, local_date(at, zone)),
    )
    return effect("points_awarded", text, points=points)


def _awarded_text(available_at: str | None, *, pending: bool) -> str:
    if available_at is None:
        return message("+{points} (when confirmed)")
    return message("+{points} (available from {date})") if pending else message("+{points}")


def _points_spent(part: Mapping[str, Any], currency: str, view: TierView) -> dict[str, Any]:
    points = {
        "amount": part["points"],
        "unit": part["unit"],
        "pending": False,
        "available_at": None,
        "expires_at": None,
    }
    discount = {"amount_minor": part["worth_minor"], "currency": currency, "line": None}
    text = gettext(view.locale, "{points} spent", points=view.points.text(part["points"]))
    return effect("points_spent", text, points=points, discount=discount)


def _tier_changed(change: Mapping[str, Any], view: TierView) -> dict[str, Any]:
    tier = view.ladder.get(change["to_id"])
    name = view.name(tier.names) if tier else change["to_id"]
    text = gettext(view.locale, "Welcome to {tier}", tier=name)
    return effect("tier_changed", text, tier={"id": change["to_id"], "name": name})


def _tier_renewed(renewed: Mapping[str, Any], view: TierView) -> dict[str, Any]:
    tier = view.ladder.get(renewed["tier_id"])
    name = view.name(tier.names) if tier else renewed["tier_id"]
    day = date.fromisoformat(renewed["keep_until_on"])
    text = gettext(
        view.locale, "{tier} is yours until {date}", tier=name, date=format_date(view.locale, day)
    )
    return effect("tier_renewed", text, tier={"id": renewed["tier_id"], "name": name})


def tier_discount(tier: Tier | None, amount: int, view: TierView) -> list[dict[str, Any]]:
    """Return the discount of `amount` minor units that a tier gives, if it gives any."""
    if tier is None or not amount:
        return []
    currency = view.points.programme.currency_code
    text = gettext(
        view.locale,
        "{tier}: {percent}% off, {amount} less",
        tier=view.name(tier.names),
        percent=format_hundredths(view.locale, tier.discount_bp),
        amount=format_money(view.locale, amount, currency),
    )
    part = {"amount_minor": amount, "currency": currency, "line": None}
    return [effect("discount", text, discount=part)]


def not_applied_of(trace: Mapping[str, Any], view: TierView) -> list[dict[str, Any]]:
    """Return the rules that gave nothing, each with its reason in words."""
    locale, currency = view.locale, view.points.programme.currency_code
    return [
        _told(
            refused["rule_id"],
            refused["names"].get(locale) or view.name(refused["names"]),
            refused["reason"],
            refused["params"].get("minimum_minor") or 0,
            locale,
            currency,
        )
        for part in parts_of(trace).values()
        for refused in part["not_applied"]
    ]


@lru_cache(maxsize=4096)
def _told(
    rule_id: str, name: str, reason: str, minimum_minor: int, locale: str, currency: str
) -> dict[str, Any]:
    """Return one refusal in words; the same few are told again and again."""
    minimum = format_money(locale, minimum_minor, currency)
    text = gettext(locale, _REASONS.get(reason, ""), minimum=minimum)
    return {"rule_id": rule_id, "name": name, "reason": reason, "text": text}


def applied_of(trace: Mapping[str, Any], view: TierView) -> list[dict[str, Any]]:
    """Return the rules that gave points or stars, each with its sum in words."""
    return [
        {
            "rule_id": accrual["rule_id"],
            "version": accrual["version"],
            "name": view.name(accrual["names"]),
            "points": accrual["points"],
            "unit": unit,
            "text": _sum_text(accrual, trace, view.of_unit(unit)),
        }
        for unit, part in parts_of(trace).items()
        for accrual in part["accruals"]
    ]


def _sum_text(accrual: Mapping[str, Any], trace: Mapping[str, Any], view: TierView) -> str:
    """Say what was counted: "€25.00 at 1 point for each €10.00, ×1.5"."""
    currency = view.points.programme.currency_code
    lines = [trace["lines"][index] for index in accrual["line_indexes"]]
    parts = {
        "basis": format_money(view.locale, sum(line[1] for line in lines), currency),
        "items": sum(line[2] for line in lines),
        "points": view.points.text(accrual["rule_points"]),
        "per": format_money(view.locale, accrual["per_minor"], currency),
        "factor": format_hundredths(view.locale, accrual["multiplier_bp"] // 100),
    }
    msgid = {
        "amount": message("{basis} at {points} for each {per}, ×{factor}"),
        "item": message("{items} pieces at {points}, ×{factor}"),
        "visit": message("{points} for a visit, ×{factor}"),
        "action": message("{points} for this, ×{factor}"),
    }[accrual["kind"]]
    told = gettext(view.locale, msgid, **parts)
    if accrual["cap"] is None or accrual["points"] < accrual["cap"]:
        return told
    most = view.points.text(accrual["cap"])
    return gettext(view.locale, "{sum}; not more than {most}", sum=told, most=most)


def receipt_lines(trace: Mapping[str, Any], view: TierView) -> list[str]:
    """Return what the till may print under the bill; the same whenever it asks again."""
    lines = []
    for unit, part in parts_of(trace).items():
        if part["points"]:
            points = view.of_unit(unit).points.text(part["points"])
            lines.append(gettext(view.locale, "You earned {points}", points=points))
    next_id, missing = trace.get("next") or (None, 0)
    goal = view.ladder.get(next_id)
    return lines + ([view.missing_for(goal, missing)] if goal else [])
