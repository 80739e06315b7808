"""Which round of a beacon decides: it is fixed when the raffle is published."""

from dataclasses import dataclass
from datetime import datetime

from server.gamification.beacons.rules import DELTA, QUICKNET, fixed_round, published_at
from server.gamification.beacons.types import Source


@dataclass(frozen=True, slots=True)
class FixedRound:
    """The round of a chain, and when it is public.

    Of a source whose numbers are given out when a raffle is sealed both are empty until then.
    """

    chain_hash: str
    number: int
    public_at: datetime


def round_for(source: Source, closes_at: datetime, now: datetime) -> FixedRound:
    """Return the first round that is public at least two minutes after the raffle has closed.

    Raise `RoundPublic` when that is known already.
    """
    if source is not Source.DRAND:
        return FixedRound("", 0, closes_at + DELTA)
    fixed = fixed_round(QUICKNET, closes_at, now)
    return FixedRound(fixed.chain_hash, fixed.number, published_at(QUICKNET, fixed.number))
