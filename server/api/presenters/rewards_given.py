"""What challenges and streaks give, in words."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from server.api.presenters.balances import UnitView, unit_view
from server.api.schemas import Integer, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import gettext, in_language, message, ngettext
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.types import Given
from server.gamification.screens.benefit_names import BenefitNames

_UNITS = (BenefitKind.POINTS, BenefitKind.STARS)
_NAMED = {
    BenefitKind.BADGE: message("Badge “{name}”"),
    BenefitKind.TIER: message("Tier “{name}”"),
}
_NAMELESS = {
    BenefitKind.BADGE: message("A badge"),
    BenefitKind.REWARD: message("A gift"),
    BenefitKind.TIER: message("A higher tier"),
    BenefitKind.TICKETS: message("Tickets of a raffle"),
}


class BenefitView(UnitView):
    """Points as one reader sees them, and the names of everything else that can be given."""

    __slots__ = ("names",)

    def __init__(self, points: UnitView, names: BenefitNames) -> None:
        super().__init__(points.programme, points.unit, points.locale, points.now)
        self.names = names


class BenefitPoints(Out):
    """Points of a reward."""

    amount = Integer(required=True)


class BenefitPart(Out):
    """A reward: its first kind, all of it in words, and the points in it, if there are any."""

    kind = Text(required=True)
    title = Text(required=True)
    points = Nested(BenefitPoints, required=True, allow_none=True)


class GrantedPart(Out):
    """Something that was given now."""

    kind = Text(required=True)
    text = Text(required=True)
    points = Nested(BenefitPoints, required=True, allow_none=True)


def present_benefits(benefits: Sequence[Benefit], view: BenefitView) -> dict[str, Any] | None:
    """Return a reward as members see it, units summed; None for nothing."""
    if not benefits:
        return None
    points = sum(one.amount for one in benefits if one.kind is BenefitKind.POINTS)
    return {
        "kind": str(benefits[0].kind),
        "title": " + ".join(title_of(benefit, view) for benefit in _summed(benefits)),
        "points": {"amount": points} if points else None,
    }


def _summed(benefits: Sequence[Benefit]) -> list[Benefit]:
    """Return the benefits with the amounts of each unit in one, where the unit comes first."""
    found: dict[object, Benefit] = {}
    for turn, one in enumerate(benefits):
        of = one.key if one.kind in _UNITS else turn
        before = found.get(of)
        found[of] = replace(one, amount=one.amount + before.amount) if before else one
    return list(found.values())


def present_granted(given: Sequence[Given], view: BenefitView) -> list[dict[str, Any]]:
    """Return what grants gave; what could not be given is left out."""
    return [_granted(benefit, view) for one in given for benefit in one.benefits]


def _granted(benefit: Benefit, view: BenefitView) -> dict[str, Any]:
    is_points = benefit.kind is BenefitKind.POINTS
    return {
        "kind": str(benefit.kind),
        "text": given_text(benefit, view),
        "points": {"amount": benefit.amount} if is_points else None,
    }


def given_text(benefit: Benefit, view: BenefitView) -> str:
    """Return something given in words: "+50 points", "Badge “Early bird”"."""
    title = title_of(benefit, view, is_given=True)
    return f"+{title}" if benefit.kind in _UNITS else title


def title_of(benefit: Benefit, view: BenefitView, *, is_given: bool = False) -> str:
    """Return a benefit in words: "50 points", "Flat white"; secret badges have no name."""
    if benefit.kind in _UNITS:
        unit = unit_view(view.programme, benefit.key, view.locale, view.now)
        return unit.text(benefit.amount)
    if benefit.kind is BenefitKind.PLAYS:
        return ngettext(view.locale, "{number} play", "{number} plays", benefit.amount)
    names = view.names.of(benefit, is_given=is_given)
    if names is None:
        return gettext(view.locale, _NAMELESS[benefit.kind])
    name = in_language(names, view.locale)
    if benefit.kind is BenefitKind.TICKETS:
        return ngettext(
            view.locale,
            "{number} ticket for “{name}”",
            "{number} tickets for “{name}”",
            benefit.amount,
            name=name,
        )
    named = _NAMED.get(benefit.kind)
    return gettext(view.locale, named, name=name) if named else name
