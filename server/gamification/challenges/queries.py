"""Reading challenges: what is in force, and how far members are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, true

from server.core.columns import among
from server.core.statements import Later, Prepared
from server.gamification.challenges.models import (
    CHALLENGE_CONTRIBUTION,
    CHALLENGE_PROGRESS,
    CHALLENGE_REWARD,
)
from server.gamification.challenges.settings import CHALLENGES
from server.gamification.challenges.types import Challenge, Contribution, Progress
from server.gamification.definitions.benefits import Benefit, load_benefit
from server.gamification.definitions.queries import Published, get_definition

PUBLISHED = Published(CHALLENGES)
_P, _C, _R = (table.c for table in (CHALLENGE_PROGRESS, CHALLENGE_CONTRIBUTION, CHALLENGE_REWARD))
_COLUMNS = [_P[name] for name in Progress.__dataclass_fields__]
_IN_ORDER = (_P.member_id, _P.challenge_id, _P.round)
_LIVE = Prepared(
    select(*_COLUMNS)
    .where(
        among(_P.member_id, "member_ids"),
        among(_P.challenge_id, "challenge_ids"),
        _P.is_live == true(),
    )
    .order_by(*_IN_ORDER)
)
_MINE = and_(_R.member_id == bindparam("member_id"), _R.challenge_id == bindparam("challenge_id"))
_DUE = Prepared(
    select(CHALLENGE_REWARD)
    .where(_R.member_id == bindparam("member_id"), _R.state == "due")
    .order_by(_R.reached_at, _R.id)
)
_REWARDS = select(CHALLENGE_REWARD).where(_MINE).order_by(_R.round, _R.reached_at, _R.id)
_OF_ACTIVITY = Prepared(
    select(CHALLENGE_CONTRIBUTION)
    .where(_C.activity_id == bindparam("activity_id"))
    .order_by(_C.challenge_id, _C.round, _C.mark)
)
_ROUND = select(*_COLUMNS).where(
    _P.member_id == bindparam("member_id"),
    _P.challenge_id == bindparam("challenge_id"),
    _P.round == bindparam("round"),
)
_GIVEN_END = Prepared(
    select(_R.challenge_id, _R.round).where(
        _R.member_id == bindparam("member_id"),
        among(_R.challenge_id, "challenge_ids"),
        _R.state == "given",
        _R.stage == "end",
    )
)


@dataclass(frozen=True, slots=True)
class Reward:
    """A stage that was reached: what it gives, whether it was given, and until when it waits."""

    id: str
    challenge_id: str
    round: int
    stage: str
    turn: int
    state: str
    benefits: tuple[Benefit, ...]
    claim_until_at: datetime | None

    def is_claimable(self, now: datetime) -> bool:
        """Whether it waits to be claimed and may be."""
        return self.state == "due" and (self.claim_until_at is None or now < self.claim_until_at)


def ask_rounds(
    tx: Connection, member_ids: Sequence[str], challenge_ids: Sequence[str]
) -> Later[dict[str, tuple[Progress, ...]]]:
    """Ask for the live rounds of members in these challenges, by member."""
    asked = {"member_ids": list(member_ids), "challenge_ids": list(challenge_ids)}
    sent = _LIVE.send(tx, asked)

    def read() -> dict[str, tuple[Progress, ...]]:
        found: dict[str, list[Progress]] = {}
        for row in sent.all():
            found.setdefault(row.member_id, []).append(Progress(*row))
        return {member_id: tuple(rounds) for member_id, rounds in found.items()}

    return read


def live_rounds(tx: Connection, member_id: str, challenge_id: str) -> tuple[Progress, ...]:
    """Return the live rounds of a member in one challenge."""
    return ask_rounds(tx, [member_id], [challenge_id])().get(member_id, ())


def ask_due_rewards(tx: Connection, member_id: str) -> Later[list[Reward]]:
    """Ask for what waits to be claimed by a member."""
    sent = _DUE.send(tx, {"member_id": member_id})
    return lambda: [reward_of(row) for row in sent.all()]


def ask_claimed(
    tx: Connection, member_id: str, challenge_ids: Sequence[str]
) -> Later[frozenset[tuple[str, int]]]:
    """Ask for which rounds the last reward was given: challenge id and round."""
    asked = {"member_id": member_id, "challenge_ids": list(challenge_ids)}
    sent = _GIVEN_END.send(tx, asked)
    return lambda: frozenset((row.challenge_id, row.round) for row in sent.all())


def list_rewards(tx: Connection, member_id: str, challenge_id: str) -> list[Reward]:
    """Return all stages that a member reached in a challenge, the oldest first."""
    asked = {"member_id": member_id, "challenge_id": challenge_id}
    return [reward_of(row) for row in tx.execute(_REWARDS, asked)]


def contributions_of(
    tx: Connection, activity_id: str
) -> dict[tuple[str, str, int], tuple[Contribution, ...]]:
    """Return what an activity contributed, by member, challenge and round."""
    found: dict[tuple[str, str, int], list[Contribution]] = {}
    for row in _OF_ACTIVITY.all(tx, {"activity_id": activity_id}):
        key = (row.member_id, row.challenge_id, row.round)
        found.setdefault(key, []).append(Contribution(row.activity_id, row.mark, row.amount))
    return {key: tuple(contributions) for key, contributions in found.items()}


def get_round(tx: Connection, key: tuple[str, str, int]) -> Progress:
    """Return one round, which exists."""
    asked = dict(zip(("member_id", "challenge_id", "round"), key, strict=True))
    return Progress(*tx.execute(_ROUND, asked).one())


def get_challenge(tx: Connection, challenge_id: str) -> Challenge:
    """Return a challenge as configured now, in whatever state. Raise `DefinitionUnknown`."""
    found = get_definition(tx, CHALLENGES.name, challenge_id)
    return CHALLENGES.read(found.id, found.key, found.settings)


def reward_of(row: Any) -> Reward:
    """Build a reward from its row."""
    return Reward(
        row.id,
        row.challenge_id,
        row.round,
        row.stage,
        row.turn,
        row.state,
        tuple(load_benefit(stored) for stored in row.benefits),
        row.claim_until_at,
    )
