"""How activities move challenges forward, and returns move them back: pure.

The bar of a round is the sum of what its activities contributed. A round that will have no
successor goes on counting beyond its target for some weeks, so that the order of reports does not
matter and a return takes only what nothing else makes up for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.core.clock import end_of_day, local_date
from server.gamification.challenges.types import (
    END,
    Advance,
    Challenge,
    Contribution,
    Metric,
    OnRefund,
    Progress,
    Reached,
    Retreat,
    Taker,
)
from server.gamification.facts.matching import Matched, marks_of, match, number_of
from server.gamification.facts.types import ActivityFact

MARKS_MAX = 500
"""More different things than this are not remembered; no target is higher."""
RESERVE = timedelta(days=35)
"""For how long something that is done goes on counting; most returns come within it."""
_MARKED = (Metric.DISTINCT, Metric.STEPS)


def worth_of(challenge: Challenge, fact: ActivityFact, zone: ZoneInfo) -> dict[str, int]:
    """Return what an activity is worth, by mark: `{"": amount}`, or 1 for each thing or step."""
    if challenge.metric is Metric.STEPS:
        return {step.key: 1 for step in challenge.steps if match(step.filter, fact, zone)}
    matched = match(challenge.filter, fact, zone)
    if matched is None:
        return {}
    if challenge.metric is Metric.DISTINCT:
        return {mark: 1 for mark in marks_of(challenge.distinct_by, fact, matched) if mark}
    amount = _amount_of(challenge, fact, matched)
    return {"": amount} if amount > 0 else {}


def _amount_of(challenge: Challenge, fact: ActivityFact, matched: Matched) -> int:
    if challenge.metric is Metric.SPEND:
        return matched.amount_minor
    if challenge.metric is Metric.CATEGORY:
        return matched.pieces
    if challenge.metric is Metric.SUM:
        return number_of(challenge.sum_of, fact, matched)
    return 1


def advance(
    challenge: Challenge, rounds: Sequence[Progress], fact: ActivityFact, taker: Taker
) -> Advance | None:
    """Return how an activity moves a member on, None when it does not count.

    `rounds` are the member's live rounds of this challenge, in their order.
    """
    worth = worth_of(challenge, fact, taker.zone)
    if not worth or challenge.metric is Metric.QUIZ:
        return None
    opened = round_for(challenge, rounds, (fact.member_id, fact.occurred_at), taker)
    if opened is None:
        return None
    progress, closed = opened
    given = _wanted_now(challenge, progress, worth)
    if not given:
        return None
    contributions = [Contribution(fact.activity_id, mark, n) for mark, n in given.items()]
    return count(challenge, progress, contributions, fact.occurred_at, closed)


def _wanted_now(
    challenge: Challenge, progress: Progress, worth: Mapping[str, int]
) -> Mapping[str, int]:
    """Leave out steps whose turn has not come, and things beyond what is remembered."""
    if challenge.metric is Metric.STEPS and challenge.is_in_order:
        undone = (step.key for step in challenge.steps if not progress.marks.get(step.key))
        following = next(undone, None)
        return {mark: n for mark, n in worth.items() if mark == following}
    if challenge.metric is not Metric.DISTINCT:
        return worth
    room = MARKS_MAX - len(progress.marks)
    new = [mark for mark in worth if mark not in progress.marks]
    return {mark: n for mark, n in worth.items() if mark not in new[max(0, room) :]}


def count(
    challenge: Challenge,
    progress: Progress,
    contributions: Sequence[Contribution],
    at: datetime,
    closed: Progress | None = None,
) -> Advance:
    """Add contributions to a round and return what it reached."""
    marks = dict(progress.marks)
    for one in contributions:
        if one.mark:
            marks[one.mark] = marks.get(one.mark, 0) + 1
    current = _current(challenge, marks) if challenge.metric in _MARKED else progress.current
    current += sum(one.amount for one in contributions if not one.mark)
    peak = max(progress.peak, current)
    is_done = progress.completed_at is not None or peak >= challenge.target
    moved = replace(
        progress,
        current=current,
        peak=peak,
        marks=marks,
        completed_at=(progress.completed_at or at) if is_done else None,
    )
    return Advance(
        moved, tuple(contributions), _reached(challenge, progress, moved), closed, progress.current
    )


def _current(challenge: Challenge, marks: Mapping[str, int]) -> int:
    """Count the marks that activities stand behind."""
    known = {step.key for step in challenge.steps} if challenge.steps else marks.keys()
    return sum(1 for mark, behind in marks.items() if behind and mark in known)


def _reached(challenge: Challenge, before: Progress, after: Progress) -> tuple[Reached, ...]:
    steps = [
        Reached(f"step:{step.key}", step.benefits)
        for step in challenge.steps
        if step.benefits and step.key in after.marks and step.key not in before.marks
    ]
    stages = [
        Reached(f"at:{milestone.at}", milestone.benefits)
        for milestone in challenge.milestones
        if before.peak < milestone.at <= after.peak
    ]
    is_new = after.completed_at is not None and before.completed_at is None
    return (*steps, *stages, *([Reached(END, challenge.benefits)] if is_new else []))


def take_back(
    challenge: Challenge,
    progress: Progress,
    contributions: Sequence[Contribution],
    left: Mapping[str, int],
) -> Retreat:
    """Return a round after a return. `contributions` are those of the returned activity, `left`
    what is left of its worth; nothing grows. What falls with it is lost unless it is to be kept.
    """
    rest = [replace(one, amount=min(one.amount, left.get(one.mark, 0))) for one in contributions]
    gone = sum(one.amount for one in contributions) - sum(one.amount for one in rest)
    marks, is_kept = dict(progress.marks), challenge.on_refund is OnRefund.KEEP
    for one in rest:
        if one.mark and not one.amount:
            marks[one.mark] = max(0, marks.get(one.mark, 0) - 1)
    if not is_kept:
        marks = {mark: behind for mark, behind in marks.items() if behind}
    is_marked = challenge.metric in _MARKED
    current = _current(challenge, marks) if is_marked else progress.current - gone
    moved = replace(progress, current=current, marks=marks)
    if is_kept:
        return Retreat(moved, tuple(rest))
    return _fall(challenge, progress, moved, tuple(rest))


def _fall(
    challenge: Challenge, before: Progress, after: Progress, rest: tuple[Contribution, ...]
) -> Retreat:
    """Take away the stages that the bar has fallen below; an undone round is open again."""
    steps = [
        f"step:{step.key}"
        for step in challenge.steps
        if step.benefits and step.key in before.marks and step.key not in after.marks
    ]
    stages = [f"at:{m.at}" for m in challenge.milestones if after.current < m.at <= before.peak]
    is_undone = before.completed_at is not None and after.current < challenge.target
    lost = (*steps, *stages, *([END] if is_undone else []))
    moved = replace(
        after,
        peak=after.current,
        turn=before.turn + bool(lost),
        completed_at=None if is_undone else before.completed_at,
        is_live=before.is_live or is_undone,
    )
    return Retreat(moved, rest, lost)


def round_for(
    challenge: Challenge,
    rounds: Sequence[Progress],
    done_by: tuple[str, datetime],
    taker: Taker,
) -> tuple[Progress, Progress | None] | None:
    """Return the round that something counts for and the one it closes, None when for none.

    `done_by` is who did it and when. The oldest round that is not complete comes first, so that
    what a return undid is made good.
    """
    member_id, at = done_by
    if not is_open(challenge, at):
        return None
    for progress in rounds:
        if progress.completed_at is None and accepts(progress, at):
            return progress, None
    latest = rounds[-1] if rounds else None
    if latest is None:
        if challenge.is_opt_in or not may_begin(challenge, taker):
            return None
        return first_round(challenge, member_id, at, taker.zone), None
    if latest.left_at is not None:
        return None
    if has_next_round(challenge, latest, at, taker):
        return next_round(challenge, latest, at, taker.zone), replace(latest, is_live=False)
    return (latest, None) if _is_reserve(challenge, latest, at) else None


def _is_reserve(challenge: Challenge, latest: Progress, at: datetime) -> bool:
    """Tell whether something counts in reserve, in case that something else comes back."""
    if latest.completed_at is None or is_to_repeat(challenge, latest):
        return False
    is_needed = challenge.on_refund is not OnRefund.KEEP or latest.current < challenge.target
    return is_needed and accepts(latest, at) and at < latest.completed_at + RESERVE


def is_open(challenge: Challenge, at: datetime) -> bool:
    """Tell whether an instant lies within the challenge's own window."""
    window = challenge.window
    return not (
        (window.starts_at is not None and at < window.starts_at)
        or (window.ends_at is not None and at >= window.ends_at)
    )


def accepts(progress: Progress, at: datetime) -> bool:
    """Tell whether a round takes an activity of this instant."""
    if progress.left_at is not None:
        return False
    if progress.starts_at is not None and at < progress.starts_at:
        return False
    return progress.ends_at is None or at < progress.ends_at


def may_begin(challenge: Challenge, taker: Taker) -> bool:
    """Tell whether a member is among those it is for and has done what it asks for first."""
    asked = challenge.requires
    if asked.tiers and taker.tier_key not in asked.tiers:
        return False
    return taker.badges.issuperset(asked.badges) and taker.done.issuperset(asked.challenges)


def is_to_repeat(challenge: Challenge, latest: Progress) -> bool:
    """Tell whether there is to be another round after this one, now or later."""
    done = latest.done_before + (latest.completed_at is not None)
    return challenge.times != 1 and (challenge.times == 0 or done < challenge.times)


def has_next_round(challenge: Challenge, latest: Progress, at: datetime, taker: Taker) -> bool:
    """Tell whether an activity of this instant opens the next round."""
    if not is_to_repeat(challenge, latest) or not may_begin(challenge, taker):
        return False
    if latest.completed_at is None:
        return latest.ends_at is not None and at >= latest.ends_at
    if not challenge.cool_down_days:
        return latest.starts_at is None or at >= latest.starts_at
    return at >= next_round_at(challenge, latest.completed_at, taker.zone)


def next_round_at(challenge: Challenge, completed_at: datetime, zone: ZoneInfo) -> datetime:
    """Return when the next round may begin: whole calendar days later, whatever their length."""
    if not challenge.cool_down_days:
        return completed_at
    last = local_date(completed_at, zone) + timedelta(days=challenge.cool_down_days - 1)
    return end_of_day(last, zone)


def first_round(challenge: Challenge, member_id: str, at: datetime, zone: ZoneInfo) -> Progress:
    """Return the first round of a member, begun at `at`."""
    begun = Progress(member_id, challenge.id)
    joined = replace(begun, joined_at=at, starts_at=at) if challenge.is_opt_in else begun
    return _with_days(challenge, joined, at, zone)


def next_round(challenge: Challenge, latest: Progress, at: datetime, zone: ZoneInfo) -> Progress:
    """Return the round after `latest`, begun at `at`."""
    begun = Progress(
        latest.member_id,
        challenge.id,
        latest.round + 1,
        done_before=latest.done_before + (latest.completed_at is not None),
        joined_at=latest.joined_at,
        starts_at=latest.joined_at,
    )
    return _with_days(challenge, begun, at, zone)


def _with_days(challenge: Challenge, begun: Progress, at: datetime, zone: ZoneInfo) -> Progress:
    """Give a round the days of its own: the one it begins on and those after it."""
    if not challenge.window.days:
        return begun
    last = local_date(at, zone) + timedelta(days=challenge.window.days - 1)
    return replace(begun, starts_at=at, ends_at=end_of_day(last, zone))


def ends_at(challenge: Challenge, progress: Progress | None) -> datetime | None:
    """Return when a round is over, the earlier of the member's own time and the challenge's."""
    own = progress.ends_at if progress else None
    ends = [end for end in (own, challenge.window.ends_at) if end is not None]
    return min(ends) if ends else None


def done_keys(challenges: Sequence[Challenge], rounds: Sequence[Progress]) -> frozenset[str]:
    """Return the keys of the challenges that a member has completed at least once."""
    done = {one.challenge_id for one in rounds if one.completed_at or one.done_before}
    return frozenset(challenge.key for challenge in challenges if challenge.id in done)
