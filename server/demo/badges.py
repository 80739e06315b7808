"""The café's badges: who has earned them in its past, and whom the people there thank."""

import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from server.gamification.badges.backfill import backfill, begin_backfill
from server.gamification.badges.queries import get_badges
from server.gamification.badges.rarity import count_rarity
from server.gamification.badges.staff import give_by_staff
from server.gamification.grants.awarding import give_for_awards
from server.gamification.programme.queries import current_revision

_FILE = Path(__file__).parent / "cafe.toml"


def configured() -> dict[str, Any]:
    """Return what the café has configured besides its preset, by tables of kinds."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def award_badges(tx: Connection, thanked: Sequence[str], actor: str, now: datetime) -> None:
    """Give badges to all who have earned them, thank some members, and count how rare they are.

    Badges that speak of an activity are earned by activities alone.
    """
    for badge in get_badges(tx, current_revision(tx)):
        if not any(level.of_activity for level in badge.levels):
            _award_all(tx, begin_backfill(tx, badge.id, actor, now), now)
    for member_id in thanked:
        made = give_by_staff(tx, member_id, "ambassador", "Brings friends along", actor, now)
        give_for_awards(tx, [made], now)
    count_rarity(tx, now)


def _award_all(tx: Connection, backfill_id: str, now: datetime) -> None:
    is_finished = False
    while not is_finished:
        step = backfill(tx, backfill_id, now)
        give_for_awards(tx, step.awards, now)
        is_finished = step.is_finished
