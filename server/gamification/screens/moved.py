"""What an activity, or anything at an instant, has moved in games: for answers to writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.core.columns import among
from server.core.statements import Prepared, at_once
from server.gamification.badges.models import BADGE_AWARD
from server.gamification.challenges.models import CHALLENGE_CONTRIBUTION, CHALLENGE_PROGRESS

_P, _C, _A = CHALLENGE_PROGRESS.c, CHALLENGE_CONTRIBUTION.c, BADGE_AWARD.c
_COUNTED = (
    select(_C.activity_id)
    .where(
        _C.member_id == _P.member_id,
        _C.challenge_id == _P.challenge_id,
        _C.round == _P.round,
        among(_C.activity_id, "activity_ids"),
    )
    .exists()
)
_ROUNDS = Prepared(
    select(_P.challenge_id, _P.round, _P.current, _P.completed_at)
    .where(_P.member_id == bindparam("of_member"), _COUNTED)
    .order_by(_P.challenge_id, _P.round)
)
_AWARDS = Prepared(
    select(_A.badge_id, _A.level)
    .where(
        _A.member_id == bindparam("of_member"),
        _A.awarded_at == bindparam("now"),
        _A.revoked_at.is_(None),
    )
    .order_by(_A.id)
)


@dataclass(frozen=True, slots=True)
class Moved:
    """Rounds of challenges for which activities counted (the newest of each challenge), and
    badges awarded at the instant: rows with `challenge_id`, `current`, `completed_at`, and with
    `badge_id`, `level`.
    """

    rounds: tuple[Any, ...] = ()
    awards: tuple[Any, ...] = ()


def read_moved(tx: Connection, member_id: str, activity_ids: Sequence[str], now: datetime) -> Moved:
    """Return what these activities of a member have moved, and the badges of `now`."""
    with at_once(tx):
        asked = {"of_member": member_id, "activity_ids": list(activity_ids)}
        rounds = _ROUNDS.send(tx, asked)
        awards = _AWARDS.send(tx, {"of_member": member_id, "now": now})
    newest = {row.challenge_id: row for row in rounds.all()}
    return Moved(tuple(newest.values()), tuple(awards.all()))
