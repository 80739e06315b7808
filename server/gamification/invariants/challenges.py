"""Challenges: a bar is the sum of what its activities contributed, and a reward is given once."""

from collections.abc import Iterable

from sqlalchemy import Connection, Integer, and_, case, cast, distinct, func, or_, select, tuple_

from server.gamification.challenges.models import (
    CHALLENGE_CONTRIBUTION,
    CHALLENGE_PROGRESS,
    CHALLENGE_REWARD,
)
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.invariants.declaring import Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.quizzes.models import QUIZ_ATTEMPT

_P, _C, _R, _Q, _G = (
    table.c
    for table in (
        CHALLENGE_PROGRESS,
        CHALLENGE_CONTRIBUTION,
        CHALLENGE_REWARD,
        QUIZ_ATTEMPT,
        BENEFIT_GRANT,
    )
)
_plain = func.sum(case((_C.mark == "", _C.amount), else_=0))
_marks = func.count(distinct(func.nullif(_C.mark, "")))
_sums = (
    select(
        _C.member_id, _C.challenge_id, _C.round, cast(_plain, Integer).label("n"), _marks.label("m")
    )
    .group_by(_C.member_id, _C.challenge_id, _C.round)
    .subquery()
)
_unlike_sum = (
    select(_P.member_id)
    .join(
        _sums,
        and_(
            _sums.c.member_id == _P.member_id,
            _sums.c.challenge_id == _P.challenge_id,
            _sums.c.round == _P.round,
        ),
        isouter=True,
    )
    .where(_P.current != func.coalesce(_sums.c.n + _sums.c.m, 0))
)
_rounds = tuple_(_P.member_id, _P.challenge_id, _P.round)
_ended = select(_R.member_id, _R.challenge_id, _R.round).where(
    _R.stage == "end", _R.state != "taken"
)
_done_without = select(_P.member_id).where(_P.completed_at.is_not(None), _rounds.not_in(_ended))
_undone_with = select(_P.member_id).where(_P.completed_at.is_(None), _rounds.in_(_ended))
_twice_waiting = (
    select(_R.member_id)
    .where(_R.state != "taken")
    .group_by(_R.member_id, _R.challenge_id, _R.round, _R.stage)
    .having(func.count() > 1)
)
_granted = (
    select(_G.id)
    .where(
        _G.member_id == _R.member_id,
        _G.ref_kind == "challenge",
        _G.ref_id == _R.id,
        _G.state == "given",
    )
    .exists()
)
_is_something = _R.benefits[0]["kind"].as_string().is_not(None)
_unlike_grant = select(_R.id).where(
    or_(and_(_R.state == "given", _is_something, ~_granted), and_(_R.state != "given", _granted))
)
_best = (
    select(_Q.member_id, _Q.challenge_id, _Q.round, func.max(_Q.right_answers).label("best"))
    .group_by(_Q.member_id, _Q.challenge_id, _Q.round)
    .subquery()
)
_unlike_best = (
    select(_P.member_id)
    .join(
        _best,
        and_(
            _best.c.member_id == _P.member_id,
            _best.c.challenge_id == _P.challenge_id,
            _best.c.round == _P.round,
        ),
    )
    .where(_P.current != _best.c.best)
)


def _gone(tx: Connection, _setting: Setting) -> Iterable[str]:
    """Yield members without a live round among the rounds that they have in a challenge."""
    live = func.sum(case((_P.is_live, 1), else_=0))
    asked = select(_P.member_id).group_by(_P.member_id, _P.challenge_id).having(live == 0)
    return (str(found) for found in tx.execute(asked).scalars())


INVARIANTS = (
    in_sql("G1", "The bar of a challenge is the sum of what was contributed.", _unlike_sum),
    in_sql("G1", "A challenge that is done has its last reward.", _done_without),
    in_sql("G1", "A challenge that is not done has no last reward.", _undone_with),
    in_sql("G1", "A stage of a challenge is rewarded once.", _twice_waiting),
    in_sql("G1", "A reward of a challenge is what was granted for it.", _unlike_grant),
    in_sql("G1", "A quiz counts its best attempt.", _unlike_best),
    Invariant("G1", "The latest round of a challenge is remembered as such.", _gone),
)
