"""Streaks: how they stand, and buying freezes."""

from typing import Any
from zoneinfo import ZoneInfo

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.streaks import StreakOut, Walking, first_cell, present_streak
from server.api.presenters.updates import Updates, updates_now
from server.api.schemas import Items, Nested, RequestSchema
from server.api.schemas import ResponseSchema as Out
from server.api.views import benefit_view_of, tier_view_of
from server.core.clock import local_date
from server.core.errors import NotFound
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.streaks import queries, rules
from server.gamification.streaks.errors import FreezeNoneLeft
from server.gamification.streaks.service import Buyer, buy_freeze
from server.gamification.streaks.types import GapKind, History, Run, Streak


class StreaksOut(Out):
    """All streaks of the member."""

    items = Items(Nested(StreakOut), required=True)


class FreezeIn(RequestSchema):
    """Nothing needs to be said."""


class FreezeOut(Out):
    """The streak with its new freeze, and the balance after it."""

    streak = Nested(StreakOut, required=True)
    updates = Nested(Updates, required=True)


@member.get("/me/streaks", "listMyStreaks", answers={200: StreaksOut})
def list_my_streaks(call: Call) -> Reply:
    """List the streaks as they stand today by the member's calendar."""
    return Reply({"items": list_streaks(call)})


@member.post(
    "/me/streaks/{streak_id}/freezes",
    "buyStreakFreeze",
    body=FreezeIn,
    answers={201: FreezeOut},
    refuses=(NotFound, FreezeNoneLeft, BalanceInsufficient),
    idempotency="required",
)
def buy_streak_freeze(call: Call, streak_id: str) -> Reply:
    """Buy a freeze with points. It saves the streak by itself when a period is missed."""
    streak, calendar = _find(call, streak_id), queries.get_calendar(call.tx, call.revision or None)
    today = local_date(call.now, zone_of(call))
    buyer = Buyer(call.principal.id, today, calendar)
    run, wallet = buy_freeze(call.tx, streak, buyer, call.now)
    body = {
        "streak": present_streak(_walking(call, streak, run), benefit_view_of(call)),
        "updates": updates_now(call.tx, wallet, tier_view_of(call)),
    }
    return Reply(body, 201)


def list_streaks(call: Call) -> list[dict[str, Any]]:
    """Return the member's streaks as they are now."""
    view = benefit_view_of(call)
    streaks = queries.PUBLISHED.live(call.tx, view.programme.revision)
    me = call.principal.id
    asked = queries.ask_runs(call.tx, [me], [streak.id for streak in streaks])
    runs = {run.streak_id: run for run in asked().get(me, ())}
    return [
        present_streak(_walking(call, streak, runs.get(streak.id) or rules.begin(streak, me)), view)
        for streak in streaks
    ]


def zone_of(call: Call) -> ZoneInfo:
    """Return the member's own zone, by default the programme's."""
    own = call.principal.extra.get("zone")
    return ZoneInfo(own) if own else call.configuration.programme.zone


def _walking(call: Call, streak: Streak, run: Run) -> Walking:
    """Read the cells of a run and settle it on the member's day; nothing is written."""
    zone, calendar = zone_of(call), queries.get_calendar(call.tx, call.revision or None)
    today = local_date(call.now, zone)
    settled, over = rules.settle(streak, run, today, calendar)
    history = queries.get_history(call.tx, run.key, first_cell(today, streak.period))
    gaps: dict[Any, GapKind] = {**history.gaps, **rules.gaps_of(over)}
    return Walking(streak, settled, History(history.counted, gaps), calendar, today, zone)


def _find(call: Call, streak_id: str) -> Streak:
    for streak in queries.PUBLISHED.live(call.tx, call.configuration.programme.revision):
        if streak_id in (streak.id, streak.key):
            found: Streak = streak
            return found
    raise NotFound("There is no such streak.")
