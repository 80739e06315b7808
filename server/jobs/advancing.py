"""Moving the test clock: whatever falls due on the way happens in its order, at its instant."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from server.core import clock, queue
from server.core.clock import end_of_day, local_date, rfc3339
from server.core.db import reading, transaction
from server.core.queue import Claimed
from server.core.sandbox_clock import SandboxClock, lock_clock, save_clock
from server.gamification.games.queries import next_game_end_at
from server.gamification.greetings.queries import next_midnight
from server.gamification.holds.queries import next_lapse_at
from server.gamification.nights.models import NIGHTLY_RUN
from server.gamification.programme.errors import ProgrammeMissing
from server.gamification.programme.queries import get_programme
from server.gamification.raffle_draws.queries import next_step_at
from server.gamification.raffle_prizes.queries import next_claim_end_at
from server.gamification.tickets.selling import next_selling_at
from server.gamification.vouchers.queries import next_end_at
from server.jobs import (
    draw_raffles,
    games,
    greetings,
    nightly,
    overdue,
    refund_raffles,
    sell_raffles,
    settle_raffles,
)

Fired = dict[str, int]


@dataclass(frozen=True, slots=True)
class Timed:
    """What depends on the time of day: when it is due next after an instant, and doing it."""

    next_at: Callable[[Connection, datetime], datetime | None]
    fire: Callable[[datetime], Fired]


def _lapse(now: datetime) -> Fired:
    return {"lapse_holds": _repeated(overdue.lapse_holds, now, 100)}


def _cancel(now: datetime) -> Fired:
    return {"cancel_unconfirmed": _repeated(overdue.cancel_unconfirmed, now, 200)}


def _end_vouchers(now: datetime) -> Fired:
    return {"lapse_vouchers": _repeated(overdue.lapse_vouchers, now, 100)}


def _end_games(now: datetime) -> Fired:
    return {"games": _repeated(games.run, now, 100)}


def _next_turn(tx: Connection, now: datetime) -> datetime | None:
    """Return when something happens to a raffle next: selling, sealing, drawing, a claim's end."""
    found = [ask(tx, now) for ask in (next_selling_at, next_step_at, next_claim_end_at)]
    return min((at for at in found if at is not None), default=None)


def _turn_raffles(now: datetime) -> Fired:
    """Let raffles open, close, be drawn and settled; what only drand knows is not waited for."""
    return {
        "sell_raffles": sell_raffles.run(now=now, limit=100),
        "seal_raffles": draw_raffles.seal(now=now, limit=100),
        "draw_raffles": draw_raffles.draw_here(now=now, limit=100),
        "settle_raffles": settle_raffles.run(now=now, limit=1000),
        "refund_raffles": _repeated(refund_raffles.run, now, 200),
    }


def _next_night(tx: Connection, now: datetime) -> datetime | None:
    try:
        zone = get_programme(tx).zone
    except ProgrammeMissing:
        return None
    return end_of_day(local_date(now, zone), zone)


def _nights(now: datetime) -> Fired:
    """Do the nights that are due; return what the steps of the newest have moved."""
    if not _repeated(partial(nightly.run, missed_max=None), now, 5):
        return {}
    newest = select(NIGHTLY_RUN.c.steps).order_by(NIGHTLY_RUN.c.night_on.desc()).limit(1)
    with reading() as tx:
        steps = tx.execute(newest).scalar_one()
    return {f"night.{name}": one["count"] for name, one in steps.items()}


def _next_day(tx: Connection, now: datetime) -> datetime | None:
    try:
        return next_midnight(tx, get_programme(tx).zone, now)
    except ProgrammeMissing:
        return None


def _greet(now: datetime) -> Fired:
    return {"greetings": greetings.run(now=now)}


def _repeated(work: Callable[..., int], now: datetime, limit: int) -> int:
    moved = 0
    while part := work(now=now, limit=limit):
        moved += part
    return moved


TIMED = (
    Timed(next_lapse_at, _lapse),
    Timed(_next_day, _cancel),
    Timed(next_end_at, _end_vouchers),
    Timed(next_game_end_at, _end_games),
    Timed(_next_turn, _turn_raffles),
    Timed(_next_night, _nights),
    Timed(_next_day, _greet),
)
"""In this order when several are due at one instant. Sweeping and sending do not depend on it."""


def advance(claimed: Claimed, now: datetime) -> int:
    """Move the clock to where it was sent, as the worker that has claimed the move.

    Return how many things fired. Safe to repeat: a move that was interrupted goes on.
    """
    with transaction() as tx:
        if lock_clock(tx).target_at is None:
            return 0
    _fire(claimed, now)
    while (due_at := _next_stop(now)) is not None:
        now = due_at
        _move(claimed, now)
        _fire(claimed, now)
    return _arrive(claimed)


def _next_stop(now: datetime) -> datetime | None:
    """Return the next instant at which something is due, None when the way is clear."""
    with transaction() as tx:
        target_at = lock_clock(tx).target_at
        found = [timed.next_at(tx, now) for timed in TIMED]
    due = [at for at in found if at is not None and target_at is not None and now < at <= target_at]
    return min(due, default=None)


def _move(claimed: Claimed, to: datetime) -> None:
    """Move the clock on and renew the lease, which is measured by it, together."""
    with transaction() as tx:
        _set(tx, to)
        queue.keep(tx, claimed, to)


def _set(tx: Connection, to: datetime, **changes: Any) -> SandboxClock:
    """Set the clock to an instant; it never goes back."""
    found = lock_clock(tx)
    offset = max(found.offset, to - clock.machine_now())
    return save_clock(tx, replace(found, offset=offset, **changes))


def _fire(claimed: Claimed, now: datetime) -> None:
    """Do what is due, each kind in its turn, and note what it moved."""
    for timed in TIMED:
        fired = [
            {"at": rfc3339(now), "name": name, "count": count}
            for name, count in timed.fire(now).items()
            if count
        ]
        if fired:
            with transaction() as tx:
                found = lock_clock(tx)
                save_clock(tx, replace(found, fired=[*found.fired, *fired]))
                queue.keep(tx, claimed, now)


def _arrive(claimed: Claimed) -> int:
    with transaction() as tx:
        found = lock_clock(tx)
        assert found.target_at is not None
        _set(tx, found.target_at, target_at=None)
        queue.keep(tx, claimed, found.target_at)
    return len(found.fired)
