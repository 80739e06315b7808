"""What members do with challenges: join, leave, claim. Each locks the member's points wallet."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from server.core.clock import rfc3339
from server.gamification.challenges import rules
from server.gamification.challenges.errors import (
    AlreadyClaimed,
    ChallengeCompleted,
    ChallengeEnded,
    ChallengeLocked,
    ChallengeNotCompleted,
    ChallengeNotStarted,
    EnrolmentNotOffered,
)
from server.gamification.challenges.models import CHALLENGE_REWARD
from server.gamification.challenges.playing import REASON, Played, save_played
from server.gamification.challenges.queries import Reward, list_rewards, live_rounds
from server.gamification.challenges.types import END, Challenge, Progress, Taker
from server.gamification.grants.service import give
from server.gamification.grants.types import Given, Reason
from server.gamification.ledger.service import open_book
from server.gamification.programme.types import POINTS

_GIVE = (
    update(CHALLENGE_REWARD)
    .where(
        CHALLENGE_REWARD.c.id == bindparam("reward_id"),
        CHALLENGE_REWARD.c.state == "due",
    )
    .values(state="given", given_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What was claimed: the stages with their grants, the last one standing for the claim."""

    rewards: tuple[Reward, ...]
    given: tuple[Given, ...]

    @property
    def claim_id(self) -> str:
        """The id of the claim."""
        return self.rewards[-1].id


def join(
    tx: Connection, member_id: str, challenge: Challenge, taker: Taker, now: datetime
) -> Progress:
    """Let a member take part; whoever does already goes on.

    Raise `EnrolmentNotOffered`, `ChallengeNotStarted`, `ChallengeEnded`, `ChallengeLocked`.
    """
    open_book(tx, member_id, POINTS, now)
    rounds = live_rounds(tx, member_id, challenge.id)
    latest = rounds[-1] if rounds else None
    if not challenge.is_opt_in:
        raise EnrolmentNotOffered
    if latest is not None and latest.left_at is None:
        return latest
    check_open(challenge, now)
    if not rules.may_begin(challenge, taker):
        raise ChallengeLocked(reasons=why_locked(challenge, taker))
    if latest is None:
        return _save(tx, rules.first_round(challenge, member_id, now, taker.zone), taker, now)
    return _save(tx, replace(latest, left_at=None, starts_at=now), taker, now)


def leave(
    tx: Connection, member_id: str, challenge: Challenge, taker: Taker, now: datetime
) -> None:
    """Let a member take part no more; what is done stays and goes on when they join again.

    Raise `EnrolmentNotOffered`, `ChallengeCompleted`.
    """
    open_book(tx, member_id, POINTS, now)
    if not challenge.is_opt_in:
        raise EnrolmentNotOffered
    rounds = live_rounds(tx, member_id, challenge.id)
    if not rounds or rounds[-1].left_at is not None:
        return
    if rounds[-1].completed_at is not None:
        raise ChallengeCompleted
    _save(tx, replace(rounds[-1], left_at=now), taker, now)


def claim(
    tx: Connection, member_id: str, challenge: Challenge, actor: str, now: datetime
) -> Claimed:
    """Give a member all that waits in a challenge, of every round and stage.

    Raise `ChallengeNotCompleted`, `AlreadyClaimed`, `ChallengeEnded`.
    """
    open_book(tx, member_id, POINTS, now)
    rewards = list_rewards(tx, member_id, challenge.id)
    due = [reward for reward in rewards if reward.is_claimable(now)]
    if not due:
        raise _why_nothing(tx, member_id, challenge, rewards)
    given = [_give(tx, member_id, challenge, reward, (actor, now)) for reward in due]
    return Claimed(tuple(due), tuple(given))


def _give(
    tx: Connection,
    member_id: str,
    challenge: Challenge,
    reward: Reward,
    by: tuple[str, datetime],
) -> Given:
    actor, now = by
    tx.execute(_GIVE, {"reward_id": reward.id, "at": now})
    reason = Reason(REASON, reward.id, challenge.names)
    return give(tx, member_id, reward.benefits, reason, actor, now)


def _why_nothing(
    tx: Connection, member_id: str, challenge: Challenge, rewards: list[Reward]
) -> AlreadyClaimed | ChallengeEnded | ChallengeNotCompleted:
    """Return the refusal that fits the latest round."""
    rounds = live_rounds(tx, member_id, challenge.id)
    latest = rounds[-1] if rounds else None
    states = {
        reward.state
        for reward in rewards
        if latest is not None and reward.round == latest.round and reward.stage == END
    }
    if "due" in states:
        return ChallengeEnded("The time to claim is over.")
    current = latest.current if latest else 0
    if "given" in states or (not current and any(one.state == "given" for one in rewards)):
        return AlreadyClaimed()
    missing = max(0, challenge.target - current)
    return ChallengeNotCompleted(current=current, target=challenge.target, missing=missing)


def check_open(challenge: Challenge, now: datetime) -> None:
    """Raise `ChallengeNotStarted` or `ChallengeEnded` outside the challenge's own window."""
    window = challenge.window
    if window.starts_at is not None and now < window.starts_at:
        raise ChallengeNotStarted(starts_at=rfc3339(window.starts_at))
    if not rules.is_open(challenge, now):
        raise ChallengeEnded


def why_locked(challenge: Challenge, taker: Taker) -> list[str]:
    """Return what a member lacks to begin: `tier`, `badge`, `challenge`."""
    asked = challenge.requires
    lacking = {
        "tier": bool(asked.tiers) and taker.tier_key not in asked.tiers,
        "badge": not taker.badges.issuperset(asked.badges),
        "challenge": not taker.done.issuperset(asked.challenges),
    }
    return [reason for reason, lacks in lacking.items() if lacks]


def _save(tx: Connection, progress: Progress, taker: Taker, now: datetime) -> Progress:
    played = Played(now, taker.zone)
    played.rounds[progress.key] = progress
    save_played(tx, played)
    return progress
