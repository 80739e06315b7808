"""How a badge is configured."""

import re

from server.gamification.badges.types import (
    Art,
    Badge,
    Level,
    Period,
    QuotaPeriod,
    Shape,
    StaffQuota,
)
from server.gamification.conditions.reading import read_condition
from server.gamification.conditions.rules import compiled, needs_activity
from server.gamification.conditions.types import Subject
from server.gamification.definitions.benefits import read_benefits
from server.gamification.definitions.images import read_image
from server.gamification.definitions.reading import Reader
from server.gamification.definitions.types import Kind, Settings

LEVELS_MAX = 10
DAYS_MAX = 3650
QUOTA_MAX = 100_000
_PLAIN = Art()
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def read_badge(definition_id: str, key: str, settings: Settings) -> Badge:
    """Return a badge from its settings. Raise `DefinitionInvalid`."""
    reader = Reader(settings)
    reader.required("levels")
    badge = Badge(
        id=definition_id,
        key=key,
        names=reader.localised("names", required=True),
        texts=reader.localised("texts", lines=True),
        category=reader.text("category", "", most=40),
        art=_read_art(reader.nested("art")),
        image=read_image(reader),
        levels=_read_levels(reader),
        is_secret=reader.flag("secret"),
        prerequisites=reader.texts("prerequisites"),
        is_revocable=reader.flag("revocable", default=True),
        days=reader.integer("days", 0, most=DAYS_MAX),
        period=reader.choice("period", Period, Period.ONCE),
        staff=_read_staff(reader),
    )
    _check(reader, badge)
    reader.close()
    return badge


def _read_art(reader: Reader) -> Art:
    drawn = Art(
        reader.choice("shape", Shape, _PLAIN.shape),
        reader.text("color", _PLAIN.color, most=7),
        reader.text("icon", _PLAIN.icon, most=2),
    )
    if not _COLOR.fullmatch(drawn.color):
        reader.blame("color", "invalid", "Must be a colour like #b8860b.")
    reader.refuse_unknown()
    return drawn


def _read_levels(reader: Reader) -> tuple[Level, ...]:
    numbers = iter(range(1, LEVELS_MAX + 1))
    return reader.each("levels", lambda one: _read_level(one, next(numbers)), most=LEVELS_MAX)


def _read_level(reader: Reader, number: int) -> Level:
    condition = read_condition(reader)
    return Level(
        number=number,
        names=reader.localised("names"),
        condition=condition,
        benefits=read_benefits(reader),
        holds=compiled(condition) if condition is not None else _never,
        of_activity=condition is not None and needs_activity(condition),
    )


def _never(_who: Subject) -> bool:
    return False


def _read_staff(reader: Reader) -> StaffQuota | None:
    if not reader.has("staff"):
        reader.raw("staff")
        return None
    staff = reader.nested("staff")
    staff.required("quota")
    quota = staff.integer("quota", 1, least=1, most=QUOTA_MAX)
    per = staff.choice("per", QuotaPeriod, QuotaPeriod.MONTH)
    staff.refuse_unknown()
    return StaffQuota(quota, per)


def _check(reader: Reader, badge: Badge) -> None:
    if not badge.levels:
        reader.blame("levels", "required", "A badge has at least one level.")
    if badge.key in badge.prerequisites:
        reader.blame("prerequisites", "circular", "A badge cannot be its own prerequisite.")
    for level in badge.levels:
        _check_level(reader, badge, level)


def _check_level(reader: Reader, badge: Badge, level: Level) -> None:
    at = f"levels/{level.number - 1}"
    if badge.period is not Period.ONCE and level.condition is not None and not level.of_activity:
        detail = "What is earned anew needs a condition on the activity, such as activity_kind."
        reader.blame(f"{at}/condition", "period", detail)
    if any(benefit.kind == "badge" and benefit.key == badge.key for benefit in level.benefits):
        reader.blame(f"{at}/benefits", "circular", "A badge cannot give itself.")


BADGES: Kind[Badge] = Kind("badge", "bdg", read_badge)
