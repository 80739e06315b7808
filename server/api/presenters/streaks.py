"""Streaks: how long, until when, what saves it, and the cells of the present stretch."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.api.presenters.actions import ActionOut, action
from server.api.presenters.progress import ProgressOut, bar
from server.api.presenters.rewards_given import BenefitPart, BenefitView, present_benefits
from server.api.schemas import Day, Instant, Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.clock import end_of_day
from server.core.i18n import format_date, gettext, in_language, message, ngettext
from server.gamification.streaks import rules
from server.gamification.streaks.types import (
    Calendar,
    History,
    PeriodKind,
    Reached,
    Run,
    Streak,
)

CELLS = 7
_UNITS = {PeriodKind.DAY: "days", PeriodKind.WEEK: "weeks", PeriodKind.MONTH: "months"}


class CellOut(Out):
    """One period: done, frozen, closed, missed, present (still to do) or ahead."""

    on = Day(required=True, metadata={"description": "The first day of the period."})
    state = Text(required=True)


class FreezesOut(Out):
    """Freezes: how many the member has, the most one can have, and what one costs in points."""

    have = Integer(required=True)
    most = Integer(required=True)
    price = Integer(required=True, allow_none=True)


class NextMilestone(Out):
    """The next milestone, the bar to it, and what it gives."""

    at = Integer(required=True)
    progress = Nested(ProgressOut, required=True)
    reward = Nested(BenefitPart, required=True, allow_none=True)


class StreakOut(Out):
    """A streak of the member, as it stands today by the member's own calendar.

    `due_by` is the end of the period in which something must be done next.
    """

    id = Text(required=True)
    title = Text(required=True)
    info = Text(required=True, allow_none=True)
    period = Text(required=True, metadata={"description": "day, week or month"})
    unit = Text(required=True)
    current = Integer(required=True)
    best = Integer(required=True)
    started_on = Day(required=True, allow_none=True)
    due_by = Instant(required=True, allow_none=True)
    text = Text(required=True)
    freezes = Nested(FreezesOut, required=True)
    next_milestone = Nested(NextMilestone, required=True, allow_none=True)
    cells = Items(Nested(CellOut), required=True)
    actions = Items(Nested(ActionOut), required=True)


@dataclass(frozen=True, slots=True)
class Walking:
    """What is known of a member in one streak, on a day of theirs; `run` is settled."""

    streak: Streak
    run: Run
    history: History
    calendar: Calendar
    today: date
    zone: ZoneInfo

    @property
    def due_on(self) -> date:
        """The period in which something must be done next."""
        present = rules.period_of(self.today, self.streak.period)
        due = (
            rules.following(present, self.streak.period) if self.run.last_on == present else present
        )
        for _ in range(366):
            if not rules.is_closed_period(due, self.streak.period, self.calendar):
                break
            due = rules.following(due, self.streak.period)
        return due

    @property
    def due_by(self) -> datetime | None:
        """The instant at which that period is over for the member; None without a run."""
        if not self.run.current:
            return None
        return end_of_day(rules.last_day(self.due_on, self.streak.period), self.zone)


def first_cell(today: date, period: PeriodKind) -> date:
    """Return the first of the cells: this week's Monday, or six periods ago."""
    if period is PeriodKind.DAY:
        return rules.period_of(today, PeriodKind.WEEK)
    first = rules.period_of(today, period)
    for _ in range(CELLS - 1):
        first = rules.previous(first, period)
    return first


def present_streak(walking: Walking, view: BenefitView) -> dict[str, Any]:
    """Return a streak as a member sees it."""
    streak, run, locale = walking.streak, walking.run, view.locale
    ahead = rules.next_milestone(streak, run.current)
    return {
        "id": streak.id,
        "title": in_language(streak.names, locale),
        "info": in_language(streak.texts, locale) if streak.texts else None,
        "period": str(streak.period),
        "unit": _UNITS[streak.period],
        "current": run.current,
        "best": run.best,
        "started_on": run.run_from_on if run.current else None,
        "due_by": walking.due_by,
        "text": text_of(walking, locale),
        "freezes": _freezes(streak, run),
        "next_milestone": _milestone(walking, ahead, view) if ahead else None,
        "cells": _cells(walking),
        "actions": _actions(streak, run, view),
    }


def text_of(walking: Walking, locale: str) -> str:
    """Say what keeps the streak: "Visit by 22 November to reach 5 weeks"."""
    run, period = walking.run, walking.streak.period
    if not run.current:
        return gettext(locale, message("Visit to begin a streak."))
    goal = run.current + 1
    length = {
        PeriodKind.DAY: ngettext(locale, "{number} day", "{number} days", goal),
        PeriodKind.WEEK: ngettext(locale, "{number} week", "{number} weeks", goal),
        PeriodKind.MONTH: ngettext(locale, "{number} month", "{number} months", goal),
    }[period]
    last = format_date(locale, rules.last_day(walking.due_on, period))
    return gettext(locale, message("Visit by {date} to reach {length}"), date=last, length=length)


def _freezes(streak: Streak, run: Run) -> dict[str, Any]:
    price = streak.freezes.price_points or None
    return {"have": run.freezes, "most": streak.freezes.most, "price": price}


def _milestone(walking: Walking, ahead: Reached, view: BenefitView) -> dict[str, Any]:
    run, missing = walking.run, ahead.level - walking.run.current
    text = ngettext(view.locale, "{number} more to go", "{number} more to go", missing)
    return {
        "at": ahead.level,
        "progress": bar(run.current, ahead.level, _UNITS[walking.streak.period], text),
        "reward": present_benefits(ahead.benefits, view),
    }


def _cells(walking: Walking) -> list[dict[str, Any]]:
    period = walking.streak.period
    on, found = first_cell(walking.today, period), []
    for _ in range(CELLS):
        found.append({"on": on, "state": _cell(walking, on)})
        on = rules.following(on, period)
    return found


def _cell(walking: Walking, on: date) -> str:
    period, history = walking.streak.period, walking.history
    present = rules.period_of(walking.today, period)
    if on in history.counted:
        return "done"
    if on in history.gaps:
        return "frozen"
    if rules.is_closed_period(on, period, walking.calendar):
        return "closed"
    names: Mapping[bool, str] = {True: "ahead", False: "missed"}
    return "present" if on == present else names[on > present]


def _actions(streak: Streak, run: Run, view: BenefitView) -> list[dict[str, Any]]:
    price = streak.freezes.price_points
    if not price:
        return []
    label = gettext(view.locale, message("Buy a freeze for {points}"), points=view.text(price))
    reason = "freeze_none_left" if run.freezes >= streak.freezes.most else None
    return [action("buy_freeze", label, reason)]
