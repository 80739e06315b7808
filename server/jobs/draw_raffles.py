"""Seal raffles whose end has come, and draw those whose round is known. Safe twice and at once."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from server.core.db import reading, transaction
from server.core.installation import installation
from server.gamification.beacons.errors import RoundLate, RoundWrong
from server.gamification.beacons.types import Source
from server.gamification.raffle_draws.drawing import VoidListChanged, fixed_of, work_out
from server.gamification.raffle_draws.queries import list_closing, list_due
from server.gamification.raffle_draws.sealing import close_raffle
from server.gamification.raffle_prizes.giving import finish_draw
from server.gamification.raffles.queries import get_standing
from server.gamification.tickets.rules import OPEN
from server.jobs.beacons import beacon_of, fetch_round

ACTOR = "system:raffles"

log = structlog.get_logger(__name__)


def seal(*, now: datetime, limit: int) -> int:
    """Seal up to `limit` raffles whose end has come; with too few entrants they are cancelled."""
    with reading() as tx:
        due = list_closing(tx, now)[:limit]
    return _each(due, lambda raffle_id: seal_one(raffle_id, ACTOR, now))


def seal_one(raffle_id: str, actor: str, now: datetime) -> bool:
    """Seal a raffle, or cancel it for want of entrants; False when another worker has done it.

    Raise `RaffleUnknown`, `DrawNotDue`.
    """
    with transaction() as tx:
        standing = get_standing(tx, raffle_id)
        if standing.state not in OPEN:
            return False
        vault = installation().vault
        sealed = close_raffle(tx, raffle_id, beacon_of(tx, standing.source), vault, actor, now)
    if sealed is None:
        log.info("raffle.cancelled", raffle=raffle_id)
    else:
        log.info("raffle.sealed", raffle=raffle_id, root=sealed.pool_root, round=sealed.round)
    return True


def draw(*, now: datetime, limit: int) -> int:
    """Draw up to `limit` sealed raffles whose round is known; one that is late is asked for again.

    It is the same round for ever: whatever goes wrong, no other one is taken.
    """
    with reading() as tx:
        due = list_due(tx, now)[:limit]
    return _each(due, lambda raffle_id: _draw_if_known(raffle_id, now))


def draw_here(*, now: datetime, limit: int) -> int:
    """Draw as `draw` does, but only what needs no net: for a clock that is moved."""
    with reading() as tx:
        due = [one for one in list_due(tx, now) if get_standing(tx, one).source != Source.DRAND]
    return _each(due[:limit], lambda raffle_id: _draw_if_known(raffle_id, now))


def _draw_if_known(raffle_id: str, now: datetime) -> bool:
    try:
        return draw_one(raffle_id, ACTOR, now)
    except RoundLate as late:
        log.info("raffle.round_late", raffle=raffle_id, why=str(late))
    except RoundWrong as wrong:
        log.error("raffle.round_wrong", raffle=raffle_id, why=str(wrong))
    return False


def draw_one(raffle_id: str, actor: str, now: datetime) -> bool:
    """Draw a sealed raffle; False when it was drawn before.

    Raise `RaffleUnknown`, `RaffleNotSealed`, `DrawNotDue`, `RoundLate`, `RoundWrong`.
    """
    with reading() as tx:
        fixed = fixed_of(tx, raffle_id, now)
    found = fetch_round(fixed)
    with reading() as tx:
        drawing = work_out(tx, raffle_id, found, installation().vault)
    try:
        with transaction() as tx:
            is_new = finish_draw(tx, drawing, actor, now)
    except VoidListChanged:
        return draw_one(raffle_id, actor, now)
    if is_new:
        log.info("raffle.drawn", raffle=raffle_id, seed=drawing.seed.hex())
    return is_new


def _each(raffle_ids: Sequence[str], step: Callable[[str], bool]) -> int:
    """Do a step for each raffle; one that fails stops no other, and is told at the end."""
    done, failures = 0, []
    for raffle_id in raffle_ids:
        try:
            done += step(raffle_id)
        except Exception as error:
            log.exception("raffle.failed", raffle=raffle_id)
            failures.append(error)
    if failures:
        raise failures[0]
    return done
