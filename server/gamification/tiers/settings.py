"""How tiers are kept, as it is stored among the programme's settings.

`tiers = {basis, window = {kind, months}, counting_from, counts_from_on, keep, downgrade,
grace_days, idle_months, almost_pct}`; what is absent has its default. Before there were windows
the basis was stored as `tier_basis`; that is still read.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.gamification.tiers.errors import TierSchemeInvalid
from server.gamification.tiers.periods import period_after, period_of
from server.gamification.tiers.types import (
    Basis,
    CountingFrom,
    Downgrade,
    Keep,
    Scheme,
    Window,
    WindowKind,
)

KEY = "tiers"
_YEAR = 12
_SHORTEST_MONTH = 28
_DAY = timedelta(days=1)
_CASTS: Mapping[str, Callable[[Any], Any]] = {
    "counts_from_on": date.fromisoformat,
    "keep": Keep,
    "downgrade": Downgrade,
    "grace_days": int,
    "idle_months": int,
    "almost_pct": int,
}


def basis_of(settings: Mapping[str, Any]) -> Basis:
    """Return what counts towards tiers."""
    older = settings.get("tier_basis", Basis.QUALIFYING_POINTS)
    return Basis(settings.get(KEY, {}).get("basis", older))


def scheme_of(settings: Mapping[str, Any], zone: ZoneInfo) -> Scheme:
    """Return how tiers are kept. Raise `TierSchemeInvalid`."""
    stored = settings.get(KEY, {})
    try:
        window = Window(**_window_of(stored.get("window", {})))
        given = {name: cast(stored[name]) for name, cast in _CASTS.items() if stored.get(name)}
        if stored.get("almost_pct") == 0:
            given["almost_pct"] = 0
        scheme = Scheme(window, zone, **given)
    except (TypeError, ValueError) as error:
        raise TierSchemeInvalid(str(error)) from error
    reason = why_not_fitting(scheme)
    if reason is not None:
        raise TierSchemeInvalid(reason)
    return scheme


def _window_of(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {**stored, "kind": WindowKind(stored.get("kind", WindowKind.LIFETIME))}


def why_not_fitting(scheme: Scheme) -> str | None:
    """Return in a sentence what is wrong with a scheme, or None."""
    window, months = scheme.window, scheme.window.months
    numbers = (scheme.grace_days, scheme.idle_months, scheme.almost_pct, months - 1)
    if min(numbers) < 0 or scheme.almost_pct > 100:
        return "Lengths are whole numbers from zero, and a share is at most 100 %."
    if window.kind is WindowKind.CALENDAR and _YEAR % months:
        return "A calendar period has to divide the year: 1, 2, 3, 4, 6 or 12 months."
    if window.kind is WindowKind.ROLLING and scheme.keep is Keep.NEXT_PERIOD:
        return "A rolling window has no next period: the tier follows the score."
    if scheme.is_windowed and scheme.grace_days > months * _SHORTEST_MONTH:
        return "The time of grace must be over before the next period ends."
    return None


def counting_from(scheme: Scheme, choice: CountingFrom, today: date) -> date:
    """Return the first day that counts when the window is switched on `today`.

    The next period is the next one of the calendar; other windows have no common one and begin
    at once.
    """
    if choice is CountingFrom.NOW or scheme.window.kind is not WindowKind.CALENDAR:
        return today
    period = period_of(scheme.window, today, today)
    return period_after(scheme.window, period, today).first_on
