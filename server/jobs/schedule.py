"""Every periodic job: what it is called, how often it runs, and how much at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.core.db import reading
from server.core.errors import NotFound
from server.gamification.nights.service import check_clock
from server.jobs import (
    announce,
    award_badges,
    checkpoint,
    deliver_messages,
    draw_raffles,
    forget_expired,
    games,
    greetings,
    nightly,
    overdue,
    prune,
    refund_raffles,
    relay_messages,
    sell_raffles,
    send_mail,
    settle_raffles,
    tell_wishes,
)

SECOND, MINUTE, HOUR = 1, 60, 3600


class Work(Protocol):
    """The function of a job: safe to repeat, safe twice at once."""

    def __call__(self, *, now: datetime, limit: int) -> int:
        """Do up to `limit` things that are due at `now`; return how many."""


@dataclass(frozen=True, slots=True)
class Job:
    """A periodic job. It is repeated at once while it fills its limit (a checkpoint never does).

    One that is `by_date` gives, takes, tells or opens for ever because a date has come: nobody
    runs it while so many nights are missing that the clock may be wrong.
    """

    name: str
    every_seconds: int
    work: Work
    limit: int
    by_date: bool = False

    def check_clock(self, now: datetime) -> None:
        """Raise `NightsMissed` when the clock may be wrong and the job goes by it."""
        if self.by_date:
            with reading() as tx:
                check_clock(tx, now)


SCHEDULE = (
    Job("send_mail", 5 * SECOND, send_mail.run, 20),
    Job("relay_messages", 5 * SECOND, relay_messages.run, 1000),
    Job("deliver_messages", 5 * SECOND, deliver_messages.run, 100),
    Job("announce", MINUTE, announce.run, 2000),
    Job("lapse_holds", 15 * SECOND, overdue.lapse_holds, 100),
    Job("cancel_unconfirmed", 15 * MINUTE, overdue.cancel_unconfirmed, 200, by_date=True),
    Job("lapse_vouchers", 15 * SECOND, overdue.lapse_vouchers, 100, by_date=True),
    Job("sell_raffles", MINUTE, sell_raffles.run, 100_000, by_date=True),
    Job("refund_raffles", MINUTE, refund_raffles.run, 200),
    Job("games", 5 * SECOND, games.run, 100, by_date=True),
    Job("seal_raffles", 5 * SECOND, draw_raffles.seal, 100, by_date=True),
    Job("draw_raffles", 15 * SECOND, draw_raffles.draw, 100),
    Job("settle_raffles", 15 * SECOND, settle_raffles.run, 1000, by_date=True),
    Job("nightly", 5 * MINUTE, nightly.run, 5),
    Job("greetings", 15 * MINUTE, greetings.run, 1000, by_date=True),
    Job("tell_wishes", 5 * MINUTE, tell_wishes.run, 1000),
    Job("checkpoint", HOUR, checkpoint.run, 2),
    Job("count_rarity", HOUR, award_badges.run_rarity, 100_000),
    Job("forget_expired", HOUR, forget_expired.run, 1000, by_date=True),
    Job("prune", HOUR, prune.run, 5000, by_date=True),
)


def job_named(name: str) -> Job:
    """Return the periodic job of this name. Raise `NotFound`."""
    for job in SCHEDULE:
        if job.name == name:
            return job
    raise NotFound(f"There is no job {name}; see: fairstar jobs list")
