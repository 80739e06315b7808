"""Odds in words: only the floor is promised, the others are as of a moment."""

from datetime import datetime
from typing import Any

from server.api.schemas import Instant, Integer, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import format_hundredths, format_number, gettext
from server.gamification.draws.odds import Odds

_WHOLE_FROM_TENTHS = 100


class RaffleChance(Out):
    """A chance in millionths, rounded down, and in words."""

    ppm = Integer(required=True)
    text = Text(required=True)


class RaffleOdds(Out):
    """What is promised (`floor`), and how things stand `as_of`: for any prize, for a main prize."""

    floor = Nested(RaffleChance, required=True)
    any_prize = Nested(RaffleChance, required=True)
    main_prize = Nested(RaffleChance, required=True)
    as_of = Instant(required=True)


def present_odds(odds: Odds, as_of: datetime, locale: str) -> dict[str, Any]:
    """Return the three numbers as a member reads them."""
    return {
        "floor": {
            "ppm": odds.floor_ppm,
            "text": gettext(locale, "at least 1 in 4 wins something"),
        },
        "any_prize": _chance(odds.any_ppm, odds.any_one_in_tenths, locale),
        "main_prize": _chance(odds.main_ppm, odds.main_one_in_tenths, locale),
        "as_of": as_of,
    }


def _chance(ppm: int, one_in_tenths: int | None, locale: str) -> dict[str, Any]:
    return {"ppm": ppm, "text": one_in_text(one_in_tenths, locale)}


def one_in_text(one_in_tenths: int | None, locale: str) -> str:
    """Return "1 in 3.9", "about 1 in 227", or that there is none."""
    if one_in_tenths is None:
        return gettext(locale, "none")
    if one_in_tenths < _WHOLE_FROM_TENTHS:
        return gettext(locale, "1 in {n}", n=format_hundredths(locale, one_in_tenths * 10))
    return gettext(locale, "about 1 in {n}", n=format_number(locale, (one_in_tenths + 5) // 10))
