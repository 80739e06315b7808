"""Returns in challenges: what an activity contributed is taken back, and what hung on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, update

from server.gamification.challenges import rules
from server.gamification.challenges.models import CHALLENGE_CONTRIBUTION, CHALLENGE_REWARD
from server.gamification.challenges.playing import REASON, Played, save_played
from server.gamification.challenges.queries import (
    Reward,
    contributions_of,
    get_challenge,
    get_round,
    list_rewards,
)
from server.gamification.challenges.types import Challenge, Contribution, Retreat
from server.gamification.facts.types import Returning
from server.gamification.grants.service import take_back as take_grant_back
from server.gamification.grants.types import Given

_C, _R = CHALLENGE_CONTRIBUTION.c, CHALLENGE_REWARD.c
_ONE = (
    _C.member_id == bindparam("of_member"),
    _C.challenge_id == bindparam("of_challenge"),
    _C.round == bindparam("of_round"),
    _C.activity_id == bindparam("of_activity"),
    _C.mark == bindparam("of_mark"),
)
_CHANGE = update(CHALLENGE_CONTRIBUTION).where(*_ONE).values(amount=bindparam("left"))
_DELETE = delete(CHALLENGE_CONTRIBUTION).where(*_ONE)
_TAKE = (
    update(CHALLENGE_REWARD)
    .where(_R.id == bindparam("reward_id"), _R.state != "taken")
    .values(state="taken", taken_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Setback:
    """What a return did to one round: how it is now, and the grants that were taken back."""

    challenge: Challenge
    retreat: Retreat
    taken: tuple[Given, ...]


def take_back_activity(tx: Connection, returning: Returning) -> list[Setback]:
    """Take back what an activity did to challenges, as far as it came back.

    Repeating it changes nothing more. The caller holds the lock of the member's points wallet and
    has no book of it open: grants that are taken back open it.
    """
    found = contributions_of(tx, returning.activity_id)
    return [_set_back(tx, key, contributions, returning) for key, contributions in found.items()]


def _set_back(
    tx: Connection,
    key: tuple[str, str, int],
    contributions: Sequence[Contribution],
    returning: Returning,
) -> Setback:
    challenge, progress = get_challenge(tx, key[1]), get_round(tx, key)
    fact = returning.left
    left = rules.worth_of(challenge, fact, returning.zone) if fact else {}
    retreat = rules.take_back(challenge, progress, contributions, left)
    _save(tx, retreat, contributions, returning)
    taken = [
        _take_reward(tx, key[0], reward, returning)
        for reward in list_rewards(tx, key[0], key[1])
        if reward.round == key[2] and reward.stage in retreat.lost and reward.state != "taken"
    ]
    return Setback(challenge, retreat, tuple(given for given in taken if given))


def _save(
    tx: Connection, retreat: Retreat, before: Sequence[Contribution], returning: Returning
) -> None:
    played = Played(returning.now, returning.zone)
    played.rounds[retreat.progress.key] = retreat.progress
    save_played(tx, played)
    for old, new in zip(before, retreat.contributions, strict=True):
        if not new.amount:
            tx.execute(_DELETE, _where(retreat, old))
        elif new.amount != old.amount:
            tx.execute(_CHANGE, _where(retreat, old) | {"left": new.amount})


def _where(retreat: Retreat, one: Contribution) -> dict[str, Any]:
    member_id, challenge_id, number = retreat.progress.key
    of_round = {"of_member": member_id, "of_challenge": challenge_id, "of_round": number}
    return of_round | {"of_activity": one.activity_id, "of_mark": one.mark}


def _take_reward(
    tx: Connection, member_id: str, reward: Reward, returning: Returning
) -> Given | None:
    tx.execute(_TAKE, {"reward_id": reward.id, "at": returning.now})
    ref = (REASON, reward.id)
    return take_grant_back(tx, member_id, ref, returning.actor, returning.now)
