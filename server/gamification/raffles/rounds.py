"""Which round of a beacon decides: it is fixed when the raffle is published."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from server.gamification.beacons.types import Source

DELTA_SECONDS = 120
QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
GENESIS, PERIOD_SECONDS = 1_692_803_367, 3


@dataclass(frozen=True, slots=True)
class FixedRound:
    """The round of a chain, and when it is public; 0 where the chain counts when it is sealed."""

    chain_hash: str
    number: int
    public_at: datetime


def round_after(source: Source, closes_at: datetime) -> FixedRound:
    """Return the first round that is public at least two minutes after the raffle has closed.

    `floor((close + delta - genesis) / period) + 1`, as fairness is defined.
    """
    if source is not Source.DRAND:
        return FixedRound("", 0, closes_at + timedelta(seconds=DELTA_SECONDS))
    number = (int(closes_at.timestamp()) + DELTA_SECONDS - GENESIS) // PERIOD_SECONDS + 1
    public = GENESIS + (number - 1) * PERIOD_SECONDS
    return FixedRound(QUICKNET, number, datetime.fromtimestamp(public, UTC))
