"""Reading the settings of a challenge."""

from server.gamification.challenges.rules import MARKS_MAX
from server.gamification.challenges.types import (
    Challenge,
    Claim,
    Metric,
    Milestone,
    OnRefund,
    Requires,
    Step,
    Window,
)
from server.gamification.definitions.benefits import read_benefits
from server.gamification.definitions.images import read_image
from server.gamification.definitions.questions import read_quiz
from server.gamification.definitions.reading import Reader
from server.gamification.definitions.types import Kind, Settings
from server.gamification.facts.matching import ActivityFilter, DistinctBy, read_filter

STEPS_MAX = 30
DAYS_MAX, TIMES_MAX = 3660, 1000
KEY_MAX = 40


def read_challenge(definition_id: str, key: str, settings: Settings) -> Challenge:
    """Return the challenge that the settings describe. Raise `DefinitionInvalid`."""
    reader = Reader(settings)
    reader.required("metric")
    metric = reader.choice("metric", Metric, Metric.COUNT)
    steps = reader.each("steps", _read_step, most=STEPS_MAX)
    repeat, claim = reader.nested("repeat"), reader.nested("claim")
    challenge = Challenge(
        id=definition_id,
        key=key,
        names=reader.localised("names", required=True),
        texts=reader.localised("texts", lines=True),
        image=read_image(reader),
        metric=metric,
        target=_read_target(reader, metric, len(steps)),
        filter=_read_one_filter(reader),
        distinct_by=reader.choice("distinct_by", DistinctBy, DistinctBy.DAY),
        sum_of=reader.text("sum_of", "items", most=KEY_MAX),
        steps=steps,
        is_in_order=reader.flag("in_order"),
        quiz=read_quiz(reader),
        window=_read_window(reader),
        requires=_read_requires(reader),
        is_opt_in=reader.flag("opt_in"),
        times=repeat.integer("times", 0 if reader.has("repeat") else 1, most=TIMES_MAX),
        cool_down_days=repeat.integer("cool_down_days", 0, most=DAYS_MAX),
        milestones=reader.each("milestones", _read_milestone, most=STEPS_MAX),
        benefits=read_benefits(reader),
        claim=claim.choice("mode", Claim, Claim.MANUAL),
        claim_days=claim.integer("days", 0, most=DAYS_MAX),
        on_refund=reader.choice("on_refund", OnRefund, OnRefund.TAKE_BACK),
    )
    repeat.refuse_unknown()
    claim.refuse_unknown()
    _check(reader, challenge)
    reader.close()
    return challenge


CHALLENGES = Kind("challenge", "chl", read_challenge)


def _check(reader: Reader, challenge: Challenge) -> None:
    """Note what does not fit together."""
    ats = [milestone.at for milestone in challenge.milestones]
    if ats != sorted(set(ats)) or any(at >= challenge.target for at in ats):
        reader.blame("milestones", "invalid", "Must rise and stay below the target.")
    if challenge.metric is Metric.DISTINCT and challenge.target > MARKS_MAX:
        reader.blame("target", "invalid", f"Must be at most {MARKS_MAX} different things.")
    _check_metric(reader, challenge)
    _check_window(reader, challenge.window)


def _check_metric(reader: Reader, challenge: Challenge) -> None:
    if (challenge.metric is Metric.STEPS) != bool(challenge.steps):
        reader.blame("steps", "invalid", "Belong to the metric steps, and it needs them.")
    keys = [step.key for step in challenge.steps]
    if len(set(keys)) < len(keys):
        reader.blame("steps", "invalid", "Each step needs a key of its own.")
    if (challenge.metric is Metric.QUIZ) != (challenge.quiz is not None):
        reader.blame("quiz", "invalid", "Belongs to the metric quiz, and it needs one.")
    if challenge.quiz and challenge.target > len(challenge.quiz.questions):
        reader.blame("target", "invalid", "There are fewer questions.")
    goods = challenge.filter.categories or challenge.filter.skus
    if challenge.metric is Metric.CATEGORY and not goods:
        reader.blame("filter", "invalid", "Say which categories or articles count.")


def _check_window(reader: Reader, window: Window) -> None:
    if window.starts_at and window.ends_at and window.starts_at >= window.ends_at:
        reader.blame("window/ends_at", "invalid", "Must be later than the beginning.")


def _read_target(reader: Reader, metric: Metric, steps: int) -> int:
    """Return the target; all steps, when it is not given."""
    if metric is Metric.STEPS:
        return reader.integer("target", max(1, steps), least=1, most=max(1, steps))
    reader.required("target")
    return reader.integer("target", 1, least=1)


def _read_one_filter(reader: Reader) -> ActivityFilter:
    nested = reader.nested("filter")
    wanted = read_filter(nested)
    nested.refuse_unknown()
    return wanted


def _read_step(reader: Reader) -> Step:
    reader.required("key")
    key = reader.text("key", "", most=KEY_MAX)
    names = reader.localised("names", required=True)
    return Step(key, names, _read_one_filter(reader), read_benefits(reader))


def _read_milestone(reader: Reader) -> Milestone:
    reader.required("at", "benefits")
    return Milestone(reader.integer("at", 1, least=1), read_benefits(reader))


def _read_window(reader: Reader) -> Window:
    window = reader.nested("window")
    starts_at, ends_at = window.instant("starts_at"), window.instant("ends_at")
    read = Window(starts_at, ends_at, window.integer("days", 0, most=DAYS_MAX))
    window.refuse_unknown()
    return read


def _read_requires(reader: Reader) -> Requires:
    asked = reader.nested("requires")
    read = Requires(asked.texts("tiers"), asked.texts("badges"), asked.texts("challenges"))
    asked.refuse_unknown()
    return read
