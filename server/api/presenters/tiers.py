"""Tiers: the bar, what is next, and the whole ladder."""

from collections.abc import Mapping
from typing import Any

from server.api.presenters.balances import UnitView, unit_view
from server.api.presenters.progress import ProgressOut
from server.api.schemas import Boolean, Day, Instant, Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import (
    format_date,
    format_hundredths,
    format_money,
    gettext,
    message,
    ngettext,
)
from server.gamification.tiers import rules
from server.gamification.tiers.types import (
    MULTIPLIER_ONE,
    Basis,
    Benefit,
    Entry,
    Ladder,
    Outlook,
    Progress,
    Standing,
    Tier,
    WindowKind,
)

_TITLES = {
    "free_delivery": message("Free delivery"),
    "birthday_gift": message("Birthday gift"),
    "personal_manager": message("Personal manager"),
    "priority": message("Priority service"),
    "early_access": message("Early access"),
}

_CALENDAR = {
    12: message("In each calendar year."),
    3: message("In each quarter of the year."),
    1: message("In each calendar month."),
}


class BenefitOut(Out):
    """One thing a tier gives."""

    kind = Text(required=True)
    title = Text(required=True)


class NextTier(Out):
    """The next tier, the bar towards it, and what it unlocks.

    `by` is the last day of the period that counts; null: no deadline.
    """

    id = Text(required=True)
    name = Text(required=True)
    by = Day(required=True, allow_none=True)
    progress = Nested(ProgressOut, required=True)
    unlocks = Items(Nested(BenefitOut), required=True)


class KeepTier(Out):
    """Until when the tier is safe, and the bar towards keeping it longer.

    `on` is the last safe day. The bar shows what will still count on the day after it, if nothing
    more is bought, and what the tier asks for.
    """

    on = Day(required=True, metadata={"description": "The last day on which the tier is safe."})
    progress = Nested(ProgressOut, required=True)


class TierSummary(Out):
    """Where the member stands. `id` is null while there is no tier; `next` at the top.

    `keep` is null for a tier that does not end by itself.
    """

    status = Text(required=True, metadata={"description": "ok or unavailable"})
    id = Text(required=True, allow_none=True)
    name = Text(required=True, allow_none=True)
    rank = Integer(required=True, allow_none=True)
    state = Text(required=True, metadata={"description": "active, grace or locked"})
    next = Nested(NextTier, required=True, allow_none=True)
    keep = Nested(KeepTier, required=True, allow_none=True)


class LadderStep(Out):
    """One tier of the ladder."""

    id = Text(required=True)
    name = Text(required=True)
    rank = Integer(required=True)
    entry = Text(required=True, metadata={"description": "threshold, invitation or paid"})
    threshold = Integer(required=True, allow_none=True)
    threshold_text = Text(required=True)
    benefits = Items(Nested(BenefitOut), required=True)
    is_current = Boolean(required=True)
    is_reached = Boolean(required=True)


class TierOut(TierSummary):
    """Where the member stands, since when, and the whole ladder."""

    since_at = Instant(required=True, allow_none=True)
    basis = Text(required=True)
    basis_text = Text(required=True, metadata={"description": "What counts, in words."})
    period_text = Text(required=True, metadata={"description": "Over which time it counts."})
    ladder = Items(Nested(LadderStep), required=True)


class TierView:
    """A ladder as one reader sees it."""

    __slots__ = ("ladder", "points")

    def __init__(self, ladder: Ladder, points: UnitView) -> None:
        self.ladder, self.points = ladder, points

    @property
    def locale(self) -> str:
        """The reader's language."""
        return self.points.locale

    def of_unit(self, code: str) -> "TierView":
        """Return the same view in which amounts are of another unit."""
        if code == self.points.unit.code:
            return self
        points = self.points
        return TierView(self.ladder, unit_view(points.programme, code, points.locale, points.now))

    def name(self, names: Mapping[str, str]) -> str:
        """Return the name in the reader's language, or in the programme's."""
        default = self.points.programme.default_locale
        return names.get(self.locale) or names.get(default) or next(iter(names.values()), "")

    def amount(self, number: int) -> str:
        """Return a number of what counts towards tiers, in words."""
        if self.ladder.basis is Basis.SPEND:
            return format_money(self.locale, number, self.points.programme.currency_code)
        if self.ladder.basis is Basis.VISITS:
            return ngettext(self.locale, "{number} visit", "{number} visits", number)
        return self.points.text(number)

    def missing_for(self, tier: Tier, number: int) -> str:
        """Say how much of what counts is missing for `tier`."""
        text = message("{amount} to {tier}")
        return gettext(self.locale, text, amount=self.amount(number), tier=self.name(tier.names))


def summarise_tier(standing: Standing, ahead: Outlook, view: TierView) -> dict[str, Any]:
    """Return where a member stands."""
    current = rules.current_tier(view.ladder, standing)
    following = rules.next_tier(view.ladder, current)
    return {
        "status": "ok",
        "id": current.id if current else None,
        "name": view.name(current.names) if current else None,
        "rank": current.rank if current else None,
        "state": _state_of(standing, ahead),
        "next": _present_next(following, current, ahead, view) if following else None,
        "keep": _present_keep(current, ahead, view) if current else None,
    }


def _state_of(standing: Standing, ahead: Outlook) -> str:
    if standing.is_locked:
        return "locked"
    return "grace" if ahead.is_grace else "active"


def _present_keep(tier: Tier, ahead: Outlook, view: TierView) -> dict[str, Any] | None:
    """Return until when a tier is safe and what it takes to keep it, None when it does not end."""
    if ahead.keep_on is None:
        return None
    progress = rules.progress_to(tier, ahead.keep_score, str(view.ladder.basis))
    text = gettext(
        view.locale,
        "{amount} more to keep {tier} after {date}",
        amount=view.amount(progress.remaining),
        tier=view.name(tier.names),
        date=format_date(view.locale, ahead.keep_on),
    )
    return {"on": ahead.keep_on, "progress": present_progress(progress, text)}


def present_tier(standing: Standing, ahead: Outlook, view: TierView) -> dict[str, Any]:
    """Return where a member stands, with the whole ladder."""
    current = rules.current_tier(view.ladder, standing)
    score = ahead.score
    rank = current.rank if current else -1
    return summarise_tier(standing, ahead, view) | {
        "since_at": standing.since_at,
        "basis": view.ladder.basis,
        "basis_text": _basis_text(view),
        "period_text": _period_text(view),
        "ladder": [_present_step(tier, rank, score, view) for tier in view.ladder.tiers],
    }


def _present_next(
    tier: Tier, current: Tier | None, ahead: Outlook, view: TierView
) -> dict[str, Any]:
    progress = rules.progress_to(tier, ahead.score, str(view.ladder.basis))
    text = view.missing_for(tier, progress.remaining)
    had = benefits_of(current, view) if current else []
    unlocks = [benefit for benefit in benefits_of(tier, view) if benefit not in had]
    return {
        "id": tier.id,
        "name": view.name(tier.names),
        "by": ahead.by_on,
        "progress": present_progress(progress, text),
        "unlocks": unlocks,
    }


def present_progress(progress: Progress, text: str) -> dict[str, Any]:
    """Return a bar with its words."""
    return {
        "current": progress.current,
        "target": progress.target,
        "remaining": progress.remaining,
        "pct": progress.pct,
        "unit": progress.unit,
        "text": text,
    }


def _present_step(tier: Tier, rank: int, score: int, view: TierView) -> dict[str, Any]:
    by_threshold = tier.entry is Entry.THRESHOLD
    text = view.amount(tier.threshold) if by_threshold else _entry_text(tier, view)
    return {
        "id": tier.id,
        "name": view.name(tier.names),
        "rank": tier.rank,
        "entry": tier.entry,
        "threshold": tier.threshold if by_threshold else None,
        "threshold_text": text,
        "benefits": benefits_of(tier, view),
        "is_current": tier.rank == rank,
        "is_reached": tier.rank <= rank or (by_threshold and tier.threshold <= score),
    }


def _entry_text(tier: Tier, view: TierView) -> str:
    is_paid = tier.entry is Entry.PAID
    return gettext(view.locale, message("Paid membership") if is_paid else message("By invitation"))


def benefits_of(tier: Tier, view: TierView) -> list[dict[str, Any]]:
    """Return what a tier gives, in words: rate and discount first, then the rest."""
    found = []
    if tier.earn_multiplier_bp != MULTIPLIER_ONE:
        factor = format_hundredths(view.locale, tier.earn_multiplier_bp // 100)
        title = gettext(view.locale, "×{factor} points", factor=factor)
        found.append({"kind": "earn_multiplier", "title": title})
    if tier.discount_bp:
        percent = format_hundredths(view.locale, tier.discount_bp)
        title = gettext(view.locale, "{percent}% discount", percent=percent)
        found.append({"kind": "discount", "title": title})
    return found + [_present_benefit(benefit, view) for benefit in tier.benefits]


def _present_benefit(benefit: Benefit, view: TierView) -> dict[str, Any]:
    title = view.name(benefit.titles) if benefit.titles else _TITLES.get(benefit.kind, "")
    return {"kind": benefit.kind, "title": gettext(view.locale, title) or benefit.kind}


def _basis_text(view: TierView) -> str:
    texts = {
        Basis.QUALIFYING_POINTS: message("Points earned by purchases count."),
        Basis.SPEND: message("Money spent counts."),
        Basis.VISITS: message("Visits count."),
    }
    return gettext(view.locale, texts[view.ladder.basis])


def _period_text(view: TierView) -> str:
    """Say over which time it counts."""
    window, locale = view.ladder.scheme.window, view.locale
    number = window.months
    if window.kind is WindowKind.LIFETIME:
        return gettext(locale, "Over the whole membership.")
    if window.kind is WindowKind.ROLLING:
        return ngettext(
            locale, "In the last {number} month.", "In the last {number} months.", number
        )
    if window.kind is WindowKind.SINCE_START:
        return ngettext(
            locale,
            "In every {number} month of your membership.",
            "In every {number} months of your membership.",
            number,
        )
    if number in _CALENDAR:
        return gettext(locale, _CALENDAR[number])
    return ngettext(
        locale,
        "In every {number} month of the year.",
        "In every {number} months of the year.",
        number,
    )
