"""Activities of members in their streaks: decided in memory, written together.

played = Played(recording.now)
play(played, streaks, held, fact, calendar)   # for each activity, in order
with together(tx):
    save_played(tx, played)
mend(tx, played, calendar)                    # what was reported late
give_gifts(tx, played.gifts, actor, now)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.dialects import postgresql, sqlite

from server.core.ids import new_id
from server.core.outbox import Event, record
from server.core.statements import Prepared
from server.gamification.facts.types import ActivityFact
from server.gamification.grants.types import Gift, Reason
from server.gamification.streaks import events, rules
from server.gamification.streaks.models import (
    STREAK_CONTRIBUTION,
    STREAK_GAP,
    STREAK_MILESTONE,
    STREAK_RUN,
)
from server.gamification.streaks.types import (
    Advance,
    Calendar,
    GapKind,
    Reached,
    Run,
    Streak,
)

REASON = "streak"
_KEY = ("member_id", "streak_id")


def _upsert_run(dialect: Any) -> Any:
    statement = dialect.insert(STREAK_RUN)
    names = [name for name in Run.__dataclass_fields__ if name not in _KEY]
    new = {name: statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=list(_KEY), set_=new)


_UPSERT_RUN = Prepared(_upsert_run(postgresql), sqlite=_upsert_run(sqlite))
_INSERT_CONTRIBUTION = Prepared(insert(STREAK_CONTRIBUTION))
_INSERT_GAP = Prepared(insert(STREAK_GAP))
_INSERT_MILESTONE = Prepared(insert(STREAK_MILESTONE))


@dataclass(slots=True)
class Played:
    """What activities did to streaks, to be written; runs are as they are in the end.

    `late` are those that lie before what was known: their runs are worked out anew afterwards.
    """

    now: datetime
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)
    contributions: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    milestones: list[dict[str, Any]] = field(default_factory=list)
    gifts: list[Gift] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    late: list[tuple[Streak, str, date]] = field(default_factory=list)

    def note(self, streak: Streak, advance: Advance, activity_id: str) -> None:
        """Note what an activity did to a run, with what is given for it and told of it."""
        run = advance.run
        self.runs[run.key] = run
        key = dict(zip(_KEY, run.key, strict=True))
        period = key | {"period_on": advance.period_on}
        self.contributions.append(period | {"activity_id": activity_id})
        if advance.is_late:
            self.late.append((streak, run.member_id, advance.period_on))
        self.note_gaps(run, advance.gaps)
        for reached in advance.reached:
            self.reach(streak, run, reached, (advance.period_on, activity_id))

    def note_gaps(self, run: Run, gaps: Any) -> None:
        """Note gaps that a run got over, and tell when freezes saved it."""
        key = dict(zip(_KEY, run.key, strict=True))
        self.gaps += [key | {"period_on": on, "kind": str(kind)} for on, kind in gaps.items()]
        frozen = [on for on, kind in gaps.items() if kind is GapKind.FROZEN]
        if frozen and run.current > 1:
            self.events.append(events.saved(run, frozen))

    def reach(
        self, streak: Streak, run: Run, reached: Reached, by: tuple[date, str | None]
    ) -> None:
        """Note a milestone and what it gives; `by` is the period and the activity that did it."""
        period_on, activity_id = by
        row_id = new_id("stm", self.now)
        self.milestones.append(
            dict(zip(_KEY, run.key, strict=True))
            | {"id": row_id, "level": reached.level, "period_on": period_on}
            | {"state": "given", "given_at": self.now, "taken_at": None}
        )
        self.events.append(events.milestone(run, reached.level))
        if reached.benefits:
            reason = Reason(REASON, row_id, streak.names, activity_id)
            self.gifts.append(Gift(run.member_id, reached.benefits, reason))


def play(
    played: Played,
    streaks: Sequence[Streak],
    held: list[Run],
    fact: ActivityFact,
    calendar: Calendar,
) -> list[tuple[Streak, Advance]]:
    """Let an activity count in a member's streaks; return what it did.

    `held` are the member's runs and are kept up to date.
    """
    by_streak = {run.streak_id: run for run in held}
    moved = []
    for streak in streaks:
        advance = rules.advance(streak, by_streak.get(streak.id), fact, calendar)
        if advance is not None:
            played.note(streak, advance, fact.activity_id)
            by_streak[streak.id] = advance.run
            moved.append((streak, advance))
    held[:] = by_streak.values()
    return moved


def save_played(tx: Connection, played: Played) -> None:
    """Write runs, contributions, gaps, milestones and events, each table with one statement.

    The caller holds the locks of the members' points wallets.
    """
    _UPSERT_RUN.run(tx, [row_of(run) for run in played.runs.values()])
    _INSERT_CONTRIBUTION.run(tx, played.contributions)
    _INSERT_GAP.run(tx, played.gaps)
    _INSERT_MILESTONE.run(tx, played.milestones)
    record(tx, played.events, now=played.now)


def row_of(run: Run) -> dict[str, Any]:
    """Return the row of a run."""
    return {name: getattr(run, name) for name in Run.__dataclass_fields__}
