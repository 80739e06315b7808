"""What comes by itself: gifts that games have noted, and the benefits of new awards."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from server.gamification.badges.types import Award
from server.gamification.grants.service import give
from server.gamification.grants.types import Gift, Given, Reason


def give_gifts(tx: Connection, gifts: Sequence[Gift], actor: str, now: datetime) -> list[Given]:
    """Give what was noted, in its order; no book of these members may be open meanwhile."""
    return [give(tx, gift.member_id, gift.benefits, gift.reason, actor, now) for gift in gifts]


def give_for_awards(tx: Connection, awards: Sequence[Award], now: datetime) -> list[Given]:
    """Give what the levels of new awards bring, once for each award; return what was given."""
    return [
        give(
            tx,
            award.member_id,
            award.level.benefits,
            Reason("badge", award.id, award.badge.names, award.origin.activity_id),
            award.origin.actor,
            now,
        )
        for award in awards
        if award.level.benefits
    ]
