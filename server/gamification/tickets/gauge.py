"""The live gauge: how likely an entrant wins as things are now. Numbers for reading, and kept for a
minute: with a hundred thousand entrants they take a good part of a second.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.gamification.draws.odds import Odds, odds_by_tickets
from server.gamification.raffles.types import Standing
from server.gamification.tickets.queries import spread_of

KEPT = timedelta(minutes=1)
_KEPT_MAX = 200


@dataclass(frozen=True, slots=True)
class Gauge:
    """The odds by number of tickets, of which raffle (N, T, Wc) and from when."""

    seen: tuple[int, int, int]
    odds: dict[int, Odds]
    as_of: datetime


_gauges: dict[str, Gauge] = {}


def odds_now(
    tx: Connection, standing: Standing, tickets: int, now: datetime
) -> tuple[Odds, datetime]:
    """Return the odds of an entrant with so many tickets, and as of when they are.

    Whoever has none sees those of one ticket more.
    """
    seen = (standing.entrants, standing.tickets, standing.consolations)
    kept = _gauges.get(standing.id)
    is_fresh = kept is not None and (kept.seen == seen or now < kept.as_of + KEPT)
    if kept is None or not is_fresh or max(tickets, 1) not in kept.odds:
        kept = Gauge(seen, _odds(tx, standing, tickets), now)
        if len(_gauges) >= _KEPT_MAX:
            _gauges.clear()
        _gauges[standing.id] = kept
    return kept.odds[max(tickets, 1)], kept.as_of


def _odds(tx: Connection, standing: Standing, tickets: int) -> dict[int, Odds]:
    pool = spread_of(tx, standing.id)
    if max(tickets, 1) not in pool:
        pool[max(tickets, 1)] = 1
    return odds_by_tickets(pool, standing.prizes, standing.consolations)
