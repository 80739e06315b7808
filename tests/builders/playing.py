"""Members who play: challenges and streaks on a real database, in the order of a purchase."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from server.core.ids import new_id
from server.core.statements import together
from server.gamification.challenges import playing as challenges
from server.gamification.challenges import queries as challenge_queries
from server.gamification.challenges.models import CHALLENGE_PROGRESS, CHALLENGE_REWARD
from server.gamification.challenges.returning import Setback, take_back_activity
from server.gamification.challenges.settings import CHALLENGES
from server.gamification.challenges.types import Challenge
from server.gamification.definitions.service import install
from server.gamification.facts.types import ActivityFact, Returning
from server.gamification.grants.awarding import give_gifts
from server.gamification.ledger.service import open_book, save_book
from server.gamification.programme.queries import current_revision
from server.gamification.programme.types import POINTS
from server.gamification.streaks import mending
from server.gamification.streaks import playing as streaks
from server.gamification.streaks import queries as streak_queries
from server.gamification.streaks.settings import STREAKS
from server.gamification.streaks.types import Run, Streak
from tests.builders.games import ANYBODY, MONDAY, TALLINN, done

EVA, TILL = "staff:eva", "device:dan"
POINTS_50 = [{"kind": "points", "amount": 50}]


def open_challenge(tx: Connection, metric: str = "count", **settings: Any) -> Challenge:
    """Publish a challenge that gives 50 points for three, unless told otherwise."""
    key = settings.pop("key", "three")
    given: dict[str, Any] = {"names": {"en": "Three times"}, "metric": metric}
    given["benefits"] = POINTS_50
    if metric != "steps":
        given["target"] = 3
    made = install(tx, CHALLENGES, key, given | settings, EVA, MONDAY)
    return CHALLENGES.read(made.id, key, given | settings)


def question(key: str, *right: str) -> dict[str, Any]:
    """A question with the answers yes, no and maybe."""
    options = [{"key": one, "texts": {"en": one.title()}} for one in ("yes", "no", "maybe")]
    texts = {"texts": {"en": f"Is it a {key}?"}, "explanation": {"en": "Look it up."}}
    return {"key": key, "options": options, "right": list(right)} | texts


def open_quiz(tx: Connection, attempts: int = 2, **settings: Any) -> Challenge:
    """Publish a quiz of two questions: the bean is one, the milk and the sugar are not."""
    questions = [question("bean", "yes"), question("milk", "no", "maybe")]
    quiz = {"questions": questions, "attempts": attempts}
    return open_challenge(tx, "quiz", **({"key": "quiz", "target": 2, "quiz": quiz} | settings))


def open_streak(tx: Connection, period: str = "day", **settings: Any) -> Streak:
    """Publish a streak of days."""
    given = {"names": {"en": "Again"}, "period": period} | settings
    made = install(tx, STREAKS, "again", given, EVA, MONDAY)
    return STREAKS.read(made.id, "again", given)


def play(tx: Connection, member_id: str, at: datetime = MONDAY, **fields: Any) -> ActivityFact:
    """Let a member do something at `at`, in all challenges and streaks."""
    fact = replace(done(at, **fields), activity_id=new_id("act", at), member_id=member_id)
    play_facts(tx, fact)
    return fact


def play_facts(tx: Connection, *facts: ActivityFact) -> None:
    """Let one member's activities count in their order, as one batch."""
    member_id, now = facts[0].member_id, facts[-1].occurred_at
    save_book(tx, open_book(tx, member_id, POINTS, now))
    _play_challenges(tx, member_id, facts, now)
    _play_streaks(tx, member_id, facts, now)


def _play_challenges(
    tx: Connection, member_id: str, facts: tuple[ActivityFact, ...], now: datetime
) -> None:
    live = challenge_queries.PUBLISHED.live(tx, current_revision(tx))
    asked = challenge_queries.ask_rounds(tx, [member_id], [one.id for one in live])
    held, played = list(asked().get(member_id, ())), challenges.Played(now, TALLINN)
    for fact in facts:
        challenges.play(played, live, held, fact, ANYBODY)
    with together(tx):
        challenges.save_played(tx, played)
    give_gifts(tx, played.gifts, TILL, now)


def _play_streaks(
    tx: Connection, member_id: str, facts: tuple[ActivityFact, ...], now: datetime
) -> None:
    live = streak_queries.PUBLISHED.live(tx, current_revision(tx))
    asked = streak_queries.ask_runs(tx, [member_id], [one.id for one in live])
    held, played = list(asked().get(member_id, ())), streaks.Played(now)
    calendar = streak_queries.get_calendar(tx)
    for fact in facts:
        streaks.play(played, live, held, fact, calendar)
    with together(tx):
        streaks.save_played(tx, played)
    mending.mend(tx, played, calendar)
    give_gifts(tx, played.gifts, TILL, now)


def undo(
    tx: Connection, fact: ActivityFact, left: ActivityFact | None = None, now: datetime = MONDAY
) -> list[Setback]:
    """Take an activity back, all of it or down to `left`, from challenges and streaks."""
    returning = Returning(fact.activity_id, left, TILL, now, TALLINN)
    setbacks = take_back_activity(tx, returning)
    calendar = streak_queries.get_calendar(tx)
    mending.take_back_activity(tx, returning, calendar)
    return setbacks


def rounds(tx: Connection, member_id: str) -> list[tuple[int, int, bool]]:
    """A member's rounds: number, how far, and whether it is done."""
    row = CHALLENGE_PROGRESS.c
    asked = select(CHALLENGE_PROGRESS).where(row.member_id == member_id).order_by(row.round)
    return [(one.round, one.current, one.completed_at is not None) for one in tx.execute(asked)]


def rewards(tx: Connection, member_id: str) -> list[tuple[str, int, str]]:
    """A member's rewards: stage, turn and state, in their order."""
    row = CHALLENGE_REWARD.c
    asked = select(row.stage, row.turn, row.state).where(row.member_id == member_id)
    return [tuple(one) for one in tx.execute(asked.order_by(row.round, row.turn, row.id))]


def run_of(tx: Connection, member_id: str, streak: Streak) -> Run:
    """A member's run in a streak."""
    run = streak_queries.find_run(tx, member_id, streak.id)
    assert run is not None
    return run
