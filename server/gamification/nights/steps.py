"""The order of a night. A new step takes its place in `STEPS`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from server.gamification.ledger.sweeping import expire_due, mature_due
from server.gamification.nights.types import Night
from server.gamification.standings.reviewing import announce_risks, review_tiers
from server.gamification.star_cards.sweeping import claim_due

BATCH = 2000
GIFTS = 100
"""So many members are given something in one batch: a gift takes a few statements."""
Work = Callable[[Connection, Night, datetime], int]
"""One batch of a step, in one transaction; returns how much it moved, 0 when nothing is left."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the night: safe to repeat, and over when a batch moves nothing."""

    name: str
    work: Work


def _mature(tx: Connection, night: Night, _now: datetime) -> int:
    return mature_due(tx, night.begins_at, BATCH)


def _exchange(tx: Connection, _night: Night, now: datetime) -> int:
    return claim_due(tx, now, min(GIFTS, BATCH))


def _expire(tx: Connection, night: Night, _now: datetime) -> int:
    return expire_due(tx, night.begins_at, BATCH)


def _review(tx: Connection, night: Night, now: datetime) -> int:
    return review_tiers(tx, night.on, now, BATCH)


def _announce(tx: Connection, night: Night, now: datetime) -> int:
    return announce_risks(tx, night.on, now, BATCH)


STEPS = (
    Step("mature", _mature),
    Step("star_cards", _exchange),
    Step("tier_periods", _review),
    Step("expire", _expire),
    Step("tiers", _review),
    Step("notices", _announce),
)
"""Pending points mature before anything counts them, and full star cards are exchanged before their
stars can expire; tiers are decided before points expire, so that nobody is lowered by the night
itself, and once more on what the night has changed; members are told last, of what is true then.
"""
