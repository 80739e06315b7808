"""What challenges and streaks give, in words."""

from collections.abc import Sequence
from typing import Any

from server.api.presenters.balances import UnitView, unit_view
from server.api.schemas import Integer, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import gettext, message
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.types import Given, PartState

_UNITS = (BenefitKind.POINTS, BenefitKind.STARS)
_TITLES = {
    BenefitKind.BADGE: message("A badge"),
    BenefitKind.REWARD: message("A gift"),
    BenefitKind.TIER: message("A higher tier"),
}


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


def present_benefits(benefits: Sequence[Benefit], view: UnitView) -> dict[str, Any] | None:
    """Return a reward as members see it, None for nothing."""
    if not benefits:
        return None
    points = sum(one.amount for one in benefits if one.kind is BenefitKind.POINTS)
    return {
        "kind": str(benefits[0].kind),
        "title": " + ".join(title_of(benefit, view) for benefit in benefits),
        "points": {"amount": points} if points else None,
    }


def present_granted(given: Sequence[Given], view: UnitView) -> list[dict[str, Any]]:
    """Return what grants gave; what could not be given is left out."""
    parts = [part for one in given for part in one.parts if part.state is PartState.GIVEN]
    return [_granted(part.benefit, view) for part in parts]


def _granted(benefit: Benefit, view: UnitView) -> dict[str, Any]:
    title = title_of(benefit, view)
    is_points = benefit.kind is BenefitKind.POINTS
    return {
        "kind": str(benefit.kind),
        "text": f"+{title}" if benefit.kind in _UNITS else title,
        "points": {"amount": benefit.amount} if is_points else None,
    }


def title_of(benefit: Benefit, view: UnitView) -> str:
    """Return a benefit in words: "50 points", "A badge"."""
    if benefit.kind in _UNITS:
        unit = unit_view(view.programme, benefit.key, view.locale, view.now)
        return unit.text(benefit.amount)
    return gettext(view.locale, _TITLES[benefit.kind])
