"""What badges bring: the benefits of awards that were just made."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from server.gamification.badges.types import Award
from server.gamification.grants.service import give
from server.gamification.grants.types import Given, Reason


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
