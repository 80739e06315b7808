"""Badges: earned, locked with a bar, or secret; and how rare they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.api.presenters.actions import ImageOut, present_image
from server.api.presenters.progress import ProgressOut, bar
from server.api.schemas import Boolean, Instant, Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import format_money, format_number, gettext, in_language, message
from server.gamification.badges.art import medal
from server.gamification.badges.queries import Earned
from server.gamification.badges.types import Badge, Level
from server.gamification.conditions.rules import progress_of, unit_of
from server.gamification.conditions.types import Subject

SVG_MAX = 2000
_MONEY = "_minor"


class RarityOut(Out):
    """Which share of the active members has it, rounded down; counted now and then."""

    pct = Integer(required=True)
    text = Text(required=True)


class ArtOut(Out):
    """How to draw a badge without a picture; `svg` is the medal drawn, grey until it is earned."""

    shape = Text(required=True)
    color = Text(required=True)
    icon = Text(required=True)
    svg = Text(required=True, most=SVG_MAX)


class BadgeLevelOut(Out):
    """One level. `state` is earned, locked, or expired; `times` is how often it was earned."""

    level = Integer(required=True)
    title = Text(required=True)
    state = Text(required=True)
    times = Integer(required=True)
    earned_at = Instant(required=True, allow_none=True)
    expires_at = Instant(required=True, allow_none=True)
    is_new = Boolean(required=True)
    rarity = Nested(RarityOut, required=True, allow_none=True)


class BadgeOut(Out):
    """A badge. `state` is earned, locked or secret; of a secret one nothing is told.

    `level` is the highest level that is held now, 0 for none. The bar leads to the next level;
    null: nothing to count. `requires` are the titles of badges that come first.
    """

    id = Text(required=True)
    state = Text(required=True)
    title = Text(required=True)
    text = Text(required=True, allow_none=True)
    category = Text(required=True, allow_none=True)
    image = Nested(ImageOut, required=True, allow_none=True)
    art = Nested(ArtOut, required=True, allow_none=True)
    level = Integer(required=True)
    levels = Items(Nested(BadgeLevelOut), required=True)
    progress = Nested(ProgressOut, required=True, allow_none=True)
    is_new = Boolean(required=True)
    earned_at = Instant(required=True, allow_none=True)
    requires = Items(Text(), required=True)


@dataclass(frozen=True, slots=True)
class BadgeView:
    """What is needed to show badges to one member: what they earned by badge and level, how rare
    levels are, the member as conditions see them, and names of badges by key.
    """

    earned: Mapping[tuple[str, int], Earned]
    rarity: Mapping[tuple[str, int], tuple[int, int]]
    who: Subject
    names: Mapping[str, str]
    locale: str
    currency: str
    now: datetime

    def has(self, badge: Badge, level: Level) -> bool:
        """Tell whether the member holds the level now."""
        found = self.earned.get((badge.id, level.number))
        return found is not None and (found.expires_at is None or found.expires_at > self.now)


def present_badge(badge: Badge, view: BadgeView) -> dict[str, Any]:
    """Return a badge as a member sees it."""
    mine = [
        view.earned[key]
        for level in badge.levels
        if (key := (badge.id, level.number)) in view.earned
    ]
    if badge.is_secret and not mine:
        return _secret(badge)
    held = [level.number for level in badge.levels if view.has(badge, level)]
    return {
        "id": badge.id,
        "state": "earned" if held else "locked",
        "title": in_language(badge.names, view.locale),
        "text": in_language(badge.texts, view.locale) or None,
        "category": badge.category or None,
        "image": present_image(badge.image, view.locale),
        "art": _art(badge, is_earned=bool(held)),
        "level": max(held, default=0),
        "levels": [_level(badge, level, view) for level in badge.levels],
        "progress": _progress(badge, view),
        "is_new": any(one.is_new for one in mine),
        "earned_at": max((one.awarded_at for one in mine), default=None),
        "requires": [view.names[key] for key in badge.prerequisites if key in view.names],
    }


def _secret(badge: Badge) -> dict[str, Any]:
    nothing = dict.fromkeys(("text", "category", "image", "art", "progress", "earned_at"))
    told = {"id": badge.id, "state": "secret", "title": "?", "level": 0, "is_new": False}
    return told | nothing | {"levels": [], "requires": []}


def _art(badge: Badge, *, is_earned: bool) -> dict[str, Any]:
    art = badge.art
    drawn = medal(art, is_earned=is_earned)
    return {"shape": str(art.shape), "color": art.color, "icon": art.icon, "svg": drawn}


def level_title(badge: Badge, level: Level, locale: str) -> str:
    """Return the name of a level; one without a name is called as the badge."""
    return in_language(level.names, locale) or in_language(badge.names, locale)


def _level(badge: Badge, level: Level, view: BadgeView) -> dict[str, Any]:
    key = (badge.id, level.number)
    found = view.earned.get(key)
    state = "earned" if view.has(badge, level) else "expired" if found else "locked"
    return {
        "level": level.number,
        "title": level_title(badge, level, view.locale),
        "state": state,
        "times": found.times if found else 0,
        "earned_at": found.awarded_at if found else None,
        "expires_at": found.expires_at if found else None,
        "is_new": found.is_new if found else False,
        "rarity": _rarity(view.rarity.get(key), view.locale),
    }


def _rarity(counted: tuple[int, int] | None, locale: str) -> dict[str, Any] | None:
    if counted is None or not counted[1]:
        return None
    pct = counted[0] * 100 // counted[1]
    text = (
        message("{pct}% of members have it") if pct else message("Fewer than 1% of members have it")
    )
    return {"pct": pct, "text": gettext(locale, text, pct=pct)}


def _progress(badge: Badge, view: BadgeView) -> dict[str, Any] | None:
    """Return the bar to the next level, None when all are held or nothing can be counted."""
    ahead = next((one for one in badge.levels if not view.has(badge, one)), None)
    if ahead is None or ahead.condition is None:
        return None
    found = progress_of(ahead.condition, view.who)
    unit = unit_of(ahead.condition, view.who) or "steps"
    if found is None:
        return None
    current, target = (_shown(number, unit, view) for number in found)
    text = gettext(view.locale, message("{current} of {target}"), current=current, target=target)
    return bar(*found, unit, text)


def _shown(number: int, unit: str, view: BadgeView) -> str:
    if unit.endswith(_MONEY):
        return format_money(view.locale, number, view.currency)
    return format_number(view.locale, number)
