"""What counted for a challenge, as the app lists it."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from server.gamification.challenges.models import CHALLENGE_CONTRIBUTION

SHOWN_MAX = 20
_C = CHALLENGE_CONTRIBUTION.c
_COUNTED = (
    select(_C.activity_id, func.max(_C.counted_at), func.sum(_C.amount))
    .where(
        _C.member_id == bindparam("member_id"),
        _C.challenge_id == bindparam("challenge_id"),
        _C.round == bindparam("round"),
    )
    .group_by(_C.activity_id)
    .order_by(func.max(_C.counted_at).desc(), _C.activity_id.desc())
    .limit(SHOWN_MAX)
)


def counted_activities(
    tx: Connection, key: tuple[str, str, int]
) -> list[tuple[str, datetime, int]]:
    """Return the latest activities that counted for a round: id, instant, and how much."""
    asked = dict(zip(("member_id", "challenge_id", "round"), key, strict=True))
    return [(row[0], row[1], int(row[2])) for row in tx.execute(_COUNTED, asked)]
