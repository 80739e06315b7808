"""Nights of a shop: the reviews of tiers as the nightly job calls them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from server.core.clock import start_of_day
from server.core.outbox import OUTBOX
from server.gamification.activities.configuration import get_configuration
from server.gamification.standings.queries import get_standing
from server.gamification.standings.reviewing import announce_risks, review_tiers
from server.gamification.tiers.rules import current_tier

ZONE = ZoneInfo("Europe/Tallinn")


def at(day: str, hour: int = 12) -> datetime:
    """An hour of a day, by Greenwich."""
    return datetime.fromisoformat(f"{day}T{hour:02}:00:00").replace(tzinfo=UTC)


def nights(first: str, last: str, step: int = 1) -> Iterator[date]:
    """The dates of the nights between two days, every `step` days."""
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        yield day
        day += timedelta(days=step)


def review_night(tx: Connection, night: date, limit: int = 2000) -> int:
    """Review everything that is due in one night; return how many members there were."""
    now, seen = start_of_day(night, ZONE), 0
    while found := review_tiers(tx, night, now, limit):
        seen += found
    while announce_risks(tx, night, now, limit):
        pass
    return seen


def pass_nights(tx: Connection, first: str, last: str, step: int = 1) -> None:
    """Let nights pass."""
    for night in nights(first, last, step):
        review_night(tx, night)


def where(tx: Connection, member_id: str) -> tuple[str | None, str | None]:
    """The key of a member's tier as stored, and the last day on which it is safe."""
    standing = get_standing(tx, member_id)
    tier = current_tier(get_configuration(tx).ladder, standing)
    keep = standing.grace_until_on or standing.keep_until_on
    return tier.key if tier else None, keep.isoformat() if keep else None


def told(tx: Connection, member_id: str, prefix: str = "tier.") -> list[tuple[str, dict[str, Any]]]:
    """What a member was told of tiers: topics and payloads, the oldest first."""
    rows = tx.execute(
        select(OUTBOX.c.topic, OUTBOX.c.payload)
        .where(OUTBOX.c.member_id == member_id, OUTBOX.c.topic.startswith(prefix))
        .order_by(OUTBOX.c.created_at, OUTBOX.c.id)
    )
    return [(row.topic, row.payload) for row in rows]


def topics(tx: Connection, member_id: str) -> list[str]:
    """The topics of what a member was told of tiers."""
    return [topic.removeprefix("tier.") for topic, _ in told(tx, member_id)]
