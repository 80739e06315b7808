"""Activities of members in their challenges: decided in memory, written together.

played = Played(recording.now)
play(played, challenges, held, fact, taker)   # for each activity, in order
with together(tx):
    save_played(tx, played)
give_gifts(tx, played.gifts, actor, now)      # where the reward comes by itself
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert
from sqlalchemy.dialects import postgresql, sqlite

from server.core.clock import end_of_day, local_date
from server.core.ids import new_id
from server.core.outbox import Event, record
from server.core.statements import Prepared
from server.gamification.challenges import events, rules
from server.gamification.challenges.models import (
    CHALLENGE_CONTRIBUTION,
    CHALLENGE_PROGRESS,
    CHALLENGE_REWARD,
)
from server.gamification.challenges.types import (
    Advance,
    Challenge,
    Claim,
    Progress,
    Reached,
    Taker,
)
from server.gamification.definitions.benefits import dump_benefit
from server.gamification.facts.types import ActivityFact
from server.gamification.grants.types import Gift, Reason

REASON = "challenge"
_KEY = ("member_id", "challenge_id", "round")
_INSERT_CONTRIBUTION = Prepared(insert(CHALLENGE_CONTRIBUTION))
_INSERT_REWARD = Prepared(insert(CHALLENGE_REWARD))


def _upsert(dialect: Any) -> Any:
    statement = dialect.insert(CHALLENGE_PROGRESS)
    names = [name for name in Progress.__dataclass_fields__ if name not in _KEY]
    new = {name: statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=list(_KEY), set_=new)


_UPSERT = Prepared(_upsert(postgresql), sqlite=_upsert(sqlite))


@dataclass(slots=True)
class Played:
    """What activities did to challenges, to be written; rounds are as they are in the end."""

    now: datetime
    zone: ZoneInfo
    rounds: dict[tuple[str, str, int], Progress] = field(default_factory=dict)
    contributions: list[dict[str, Any]] = field(default_factory=list)
    rewards: list[dict[str, Any]] = field(default_factory=list)
    gifts: list[Gift] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def note(self, challenge: Challenge, advance: Advance, at: datetime) -> None:
        """Note a step forward, done at `at`, with the rewards it reached and what is told of it."""
        for progress in (advance.closed, advance.progress):
            if progress is not None:
                self.rounds[progress.key] = progress
        key = dict(zip(_KEY, advance.progress.key, strict=True))
        self.contributions += [
            key
            | {"activity_id": one.activity_id, "mark": one.mark}
            | {"amount": one.amount, "counted_at": at}
            for one in advance.contributions
        ]
        until = claim_until(challenge, self.now, self.zone)
        activity_id = advance.contributions[0].activity_id if advance.contributions else None
        for one in advance.reached:
            self._reach(challenge, advance.progress, one, activity_id)
        self.events += events.of_advance(challenge, advance, until)

    def _reach(
        self, challenge: Challenge, progress: Progress, reached: Reached, activity_id: str | None
    ) -> None:
        """Note a reward: it waits to be claimed, or is given at once (also when it is nothing)."""
        waits = challenge.claim is Claim.MANUAL and bool(reached.benefits)
        row = dict(zip(_KEY, progress.key, strict=True)) | {
            "id": new_id("chw", self.now),
            "stage": reached.stage,
            "turn": progress.turn,
            "state": "due" if waits else "given",
            "benefits": [dump_benefit(benefit) for benefit in reached.benefits],
            "reached_at": self.now,
            "claim_until_at": claim_until(challenge, self.now, self.zone) if waits else None,
            "given_at": None if waits else self.now,
            "taken_at": None,
        }
        self.rewards.append(row)
        if reached.benefits and not waits:
            reason = Reason(REASON, str(row["id"]), challenge.names, activity_id)
            self.gifts.append(Gift(progress.member_id, reached.benefits, reason))


def claim_until(challenge: Challenge, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return until when something reached now can be claimed: the end of a calendar day."""
    if challenge.claim is Claim.AUTOMATIC or not challenge.claim_days:
        return None
    return end_of_day(local_date(now, zone) + timedelta(days=challenge.claim_days), zone)


def play(
    played: Played,
    challenges: Sequence[Challenge],
    held: list[Progress],
    fact: ActivityFact,
    taker: Taker,
) -> list[tuple[Challenge, Advance]]:
    """Let an activity count in a member's challenges; return what it moved.

    `held` are the member's live rounds of these challenges and are kept up to date.
    """
    taker = replace(taker, done=taker.done | rules.done_keys(challenges, held))
    by_challenge: dict[str, list[Progress]] = {}
    for progress in held:
        by_challenge.setdefault(progress.challenge_id, []).append(progress)
    moved = []
    for challenge in challenges:
        rounds = by_challenge.get(challenge.id, [])
        advance = rules.advance(challenge, rounds, fact, taker)
        if advance is not None:
            played.note(challenge, advance, fact.occurred_at)
            by_challenge[challenge.id] = _moved_on(rounds, advance)
            moved.append((challenge, advance))
    if moved:
        held[:] = [progress for rounds in by_challenge.values() for progress in rounds]
    return moved


def _moved_on(rounds: Sequence[Progress], advance: Advance) -> list[Progress]:
    """Return live rounds with the moved one in its place, without the closed one."""
    closed = advance.closed.round if advance.closed else 0
    gone = (advance.progress.round, closed)
    kept = [one for one in rounds if one.round not in gone]
    return sorted([*kept, advance.progress], key=lambda one: one.round)


def save_played(tx: Connection, played: Played) -> None:
    """Write rounds, contributions, rewards and events, each table with one statement.

    The caller holds the locks of the members' points wallets.
    """
    _UPSERT.run(tx, [row_of(progress) for progress in played.rounds.values()])
    _INSERT_CONTRIBUTION.run(tx, played.contributions)
    _INSERT_REWARD.run(tx, played.rewards)
    record(tx, played.events, now=played.now)


def row_of(progress: Progress) -> dict[str, Any]:
    """Return the row of a round."""
    row = {name: getattr(progress, name) for name in Progress.__dataclass_fields__}
    return row | {"marks": dict(progress.marks)}
