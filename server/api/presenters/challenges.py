"""Challenges: the bar, what it gives, and what can be done now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.api.presenters.actions import ActionOut, ImageOut, action, present_image
from server.api.presenters.balances import UnitView
from server.api.presenters.progress import ProgressOut, bar
from server.api.presenters.rewards_given import BenefitPart, BenefitView, present_benefits
from server.api.schemas import Boolean, Instant, Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import format_money, gettext, in_language, message, ngettext
from server.gamification.challenges import rules
from server.gamification.challenges.queries import Reward
from server.gamification.challenges.service import why_locked
from server.gamification.challenges.types import Challenge, Claim, Metric, Progress, Taker

_UNITS = {
    Metric.COUNT: "activities",
    Metric.SPEND: "money",
    Metric.CATEGORY: "items",
    Metric.STEPS: "steps",
    Metric.QUIZ: "answers",
}
_DISTINCT = {"day": "days", "location": "places", "category": "categories", "sku": "articles"}


class StageOut(Out):
    """A step, or a milestone on the way (`at`), with what it gives by itself."""

    kind = Text(required=True, metadata={"description": "step or milestone"})
    title = Text(required=True)
    at = Integer(required=True, allow_none=True)
    is_done = Boolean(required=True)
    reward = Nested(BenefitPart, required=True, allow_none=True)


class ChallengeOut(Out):
    """A challenge and how far the member is in the present round of it.

    `state` is available, joined, in_progress, completed, claimed or expired. `lacking` says what
    is missing to begin: tier, badge, challenge. `claim_until` is how long a reward waits.
    """

    id = Text(required=True)
    title = Text(required=True)
    text = Text(required=True, allow_none=True)
    image = Nested(ImageOut, required=True, allow_none=True)
    metric = Text(required=True)
    state = Text(required=True)
    round = Integer(required=True)
    opt_in = Boolean(required=True)
    starts_at = Instant(required=True, allow_none=True)
    ends_at = Instant(required=True, allow_none=True)
    claim_until = Instant(required=True, allow_none=True)
    progress = Nested(ProgressOut, required=True)
    reward = Nested(BenefitPart, required=True, allow_none=True)
    stages = Items(Nested(StageOut), required=True)
    lacking = Items(Text(), required=True)
    actions = Items(Nested(ActionOut), required=True)


Held = tuple[Sequence[Progress], Sequence[Reward], frozenset[tuple[str, int]]]
"""What a member has in challenges: rounds, rewards that are due, and rounds that were claimed."""


@dataclass(frozen=True, slots=True)
class Playing:
    """What is known of a member in one challenge.

    `due` waits to be claimed; `claimed` are the rounds whose last reward was given.
    """

    challenge: Challenge
    rounds: tuple[Progress, ...]
    due: tuple[Reward, ...]
    claimed: frozenset[int]
    taker: Taker

    @property
    def next_number(self) -> int:
        """The number of the round that may begin."""
        return self.rounds[-1].round + 1 if self.rounds else 1

    def claimable(self, now: datetime) -> list[Reward]:
        """Return what can be claimed."""
        return [reward for reward in self.due if reward.is_claimable(now)]

    def present(self, now: datetime) -> Progress | None:
        """Return the round that is shown; None when another one may begin."""
        latest = self.rounds[-1] if self.rounds else None
        if latest is None or self.claimable(now):
            return latest
        begins = rules.has_next_round(self.challenge, latest, now, self.taker)
        return None if begins and rules.is_open(self.challenge, now) else latest


def state_of(playing: Playing, now: datetime) -> str:
    """Return how a challenge stands for a member."""
    progress, challenge = playing.present(now), playing.challenge
    ends_at = rules.ends_at(challenge, progress)
    is_over = ends_at is not None and now >= ends_at
    if progress is not None and progress.completed_at is not None:
        if any(reward.round == progress.round for reward in playing.claimable(now)):
            return "completed"
        return "claimed" if progress.round in playing.claimed else "expired"
    if is_over:
        return "expired"
    if progress is None or progress.left_at is not None:
        return "available"
    return "in_progress" if progress.current or not challenge.is_opt_in else "joined"


def present_challenge(playing: Playing, view: BenefitView) -> dict[str, Any]:
    """Return a challenge as a member sees it."""
    challenge, locale, now = playing.challenge, view.locale, view.now
    progress, state = playing.present(now), state_of(playing, now)
    current = progress.current if progress else 0
    waiting = [one.claim_until_at for one in playing.claimable(now) if one.claim_until_at]
    unit = _unit(challenge)
    return {
        "id": challenge.id,
        "title": in_language(challenge.names, locale),
        "text": in_language(challenge.texts, locale) if challenge.texts else None,
        "image": present_image(challenge.image, locale),
        "metric": str(challenge.metric),
        "state": state,
        "round": progress.round if progress else playing.next_number,
        "opt_in": challenge.is_opt_in,
        "starts_at": challenge.window.starts_at,
        "ends_at": rules.ends_at(challenge, progress),
        "claim_until": min(waiting) if waiting else None,
        "progress": bar(current, challenge.target, unit, _bar_text(challenge, current, view)),
        "reward": present_benefits(challenge.benefits, view),
        "stages": _stages(challenge, progress, view),
        "lacking": why_locked(challenge, playing.taker) if state == "available" else [],
        "actions": _actions(playing, state, view),
    }


def present_moved(challenge: Challenge, row: Any, view: UnitView) -> dict[str, Any]:
    """Return how a round stands that was just moved; `row` has `current` and `completed_at`."""
    is_waiting = challenge.claim is Claim.MANUAL and bool(challenge.benefits)
    done = "completed" if is_waiting else "claimed"
    text = _bar_text(challenge, row.current, view)
    return {
        "id": challenge.id,
        "title": in_language(challenge.names, view.locale),
        "state": done if row.completed_at is not None else "in_progress",
        "progress": bar(row.current, challenge.target, _unit(challenge), text),
    }


def _unit(challenge: Challenge) -> str:
    if challenge.metric is Metric.SUM:
        return challenge.sum_of
    if challenge.metric is Metric.DISTINCT:
        return _DISTINCT[challenge.distinct_by]
    return _UNITS[challenge.metric]


def _bar_text(challenge: Challenge, current: int, view: UnitView) -> str:
    missing = challenge.target - current
    if missing <= 0:
        return gettext(view.locale, message("Done!"))
    if challenge.metric is Metric.SPEND:
        money = format_money(view.locale, missing, view.programme.currency_code)
        return gettext(view.locale, message("{money} to go"), money=money)
    return ngettext(view.locale, "{number} more to go", "{number} more to go", missing)


def _stages(
    challenge: Challenge, progress: Progress | None, view: BenefitView
) -> list[dict[str, Any]]:
    marks = progress.marks if progress else {}
    steps = [
        {
            "kind": "step",
            "title": in_language(step.names, view.locale),
            "at": None,
            "is_done": bool(marks.get(step.key)),
            "reward": present_benefits(step.benefits, view),
        }
        for step in challenge.steps
    ]
    peak = progress.peak if progress else 0
    milestones = [
        {
            "kind": "milestone",
            "title": f"{milestone.at}/{challenge.target}",
            "at": milestone.at,
            "is_done": peak >= milestone.at,
            "reward": present_benefits(milestone.benefits, view),
        }
        for milestone in challenge.milestones
    ]
    return [*steps, *milestones]


def _actions(playing: Playing, state: str, view: BenefitView) -> list[dict[str, Any]]:
    challenge, reason = playing.challenge, _why_not_begin(playing, view.now)
    is_begun = state in ("joined", "in_progress")
    is_answerable = is_begun or (state == "available" and not challenge.is_opt_in)
    offered = {
        "join": (challenge.is_opt_in and state == "available", message("Join"), reason),
        "leave": (challenge.is_opt_in and is_begun, message("Leave"), None),
        "answer": (challenge.quiz is not None and is_answerable, message("Answer"), reason),
    }
    return [
        *_claim_action(playing, view),
        *(
            action(kind, gettext(view.locale, label), why)
            for kind, (is_offered, label, why) in offered.items()
            if is_offered
        ),
    ]


def _claim_action(playing: Playing, view: BenefitView) -> list[dict[str, Any]]:
    waiting = playing.claimable(view.now)
    shown = present_benefits([one for reward in waiting for one in reward.benefits], view)
    if shown is None:
        return []
    return [action("claim", gettext(view.locale, message("Get {reward}"), reward=shown["title"]))]


def _why_not_begin(playing: Playing, now: datetime) -> str | None:
    """Return the code of the refusal that beginning would meet, None when it would not."""
    starts_at = playing.challenge.window.starts_at
    if starts_at is not None and now < starts_at:
        return "challenge_not_started"
    if not playing.rounds and why_locked(playing.challenge, playing.taker):
        return "challenge_locked"
    return None


def rounds_of(challenge: Challenge, held: Held, taker: Taker) -> Playing:
    """Return what is known of a member in one challenge, out of what is known of all."""
    rounds, due, claimed = held
    return Playing(
        challenge,
        tuple(one for one in rounds if one.challenge_id == challenge.id),
        tuple(one for one in due if one.challenge_id == challenge.id),
        frozenset(number for challenge_id, number in claimed if challenge_id == challenge.id),
        taker,
    )
