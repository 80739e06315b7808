"""Badges of a shop, and members who hold some."""

from typing import Any

from sqlalchemy import Connection

from server.gamification.badges.backfill import backfill, begin_backfill
from server.gamification.badges.queries import get_badge
from server.gamification.badges.rarity import count_rarity
from server.gamification.badges.service import award, revoke
from server.gamification.badges.settings import BADGES
from server.gamification.badges.staff import give_by_staff
from server.gamification.badges.types import Award, Badge, Origin, Source
from server.gamification.definitions.service import install
from server.gamification.grants.service import give, take_back
from server.gamification.grants.types import Reason
from server.gamification.programme.queries import current_revision
from tests.builders.purchases import NOW

EVA = "staff:eva"
FIVE_POINTS = [{"kind": "points", "amount": 5}]


def settings(*conditions: str | None, **changes: Any) -> dict[str, Any]:
    """The settings of a badge with a level for each condition."""
    levels = [{"condition": one, "benefits": FIVE_POINTS} for one in conditions]
    return {"names": {"en": "A badge"}, "levels": levels} | changes


def publish(tx: Connection, key: str, *conditions: str | None, **changes: Any) -> Badge:
    """Put a badge in force."""
    install(tx, BADGES, key, settings(*conditions, **changes), EVA, NOW)
    return get_badge(tx, current_revision(tx), key)


def give_its_benefits(tx: Connection, made: Award) -> None:
    """Give what a level brings."""
    reason = Reason("badge", made.id, made.badge.names)
    give(tx, made.member_id, made.level.benefits, reason, EVA, NOW)


def earn_badges(tx: Connection, member_id: str) -> None:
    """Two levels by staff, one earned and taken back with its purchase, one given late."""
    publish(tx, "helper", None, None, staff={"quota": 5, "per": "month"})
    publish(tx, "guest", "visits >= 1")
    late = publish(tx, "all", "member_days >= 0")
    for _ in range(2):
        give_its_benefits(tx, give_by_staff(tx, member_id, "helper", "thanks", EVA, NOW))
    lost = award(tx, member_id, "guest", 1, Origin(Source.EARNED, EVA, "act_1"), NOW)
    give_its_benefits(tx, lost)
    revoke(tx, lost.id, "returned", NOW)
    take_back(tx, member_id, ("badge", lost.id), EVA, NOW)
    for made in backfill(tx, begin_backfill(tx, late.id, EVA, NOW), NOW).awards:
        give_its_benefits(tx, made)
    count_rarity(tx, NOW)
