"""The port: what a draw asks of a source of randomness, and the source of recorded rounds."""

from datetime import datetime
from typing import Protocol

from server.gamification.beacons.errors import RoundLate
from server.gamification.beacons.rules import DELTA, QUICKNET
from server.gamification.beacons.types import Fixed, Round, Source


class Beacon(Protocol):
    """A source of rounds. `fixed_at_sealing`: its numbers are given out only then."""

    source: Source
    fixed_at_sealing: bool

    def fix(self, closes_at: datetime, now: datetime) -> Fixed:
        """Return the round for a raffle that closes then. Raise `RoundPublic`."""

    def draws_at(self, closes_at: datetime) -> datetime:
        """Return when the round of such a raffle will be known."""

    def fetch(self, fixed: Fixed) -> Round:
        """Return the round, verified. Raise `RoundLate` or `RoundWrong`."""


RECORDED = {
    number: Round(Source.FIXTURE, QUICKNET.hash, number, signature, randomness)
    for number, signature, randomness in (
        (
            1000,
            "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125"
            "e342b73a8dd2bacbe47e4b6b63ed5e39",
            "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd",
        ),
        (
            1001,
            "b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03"
            "f73896b25883abf2853d10337fb8fa41",
            "b0a591ad1b9002cfc372ac6e30abd3da8d3088d4caae026961743474fb94235f",
        ),
        (
            1002,
            "ab066f9c12dd6de1336fca0f925192fb0c72a771c3e4c82ede1fd362c1a770f9"
            "eb05843c6308ce2530b53a99c0281a6e",
            "339d3f0e702ed27d36966c6ee85a2bc762a24e178e7e5c835d9b5a7509cb920c",
        ),
        (
            657413,
            "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be"
            "41076862b98fad56e91a6b85b89cd97b",
            "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
        ),
    )
}
"""Real rounds of quicknet, known since 2023: nothing that matters may be drawn from them."""


class FixtureBeacon:
    """Recorded rounds, for tests and demonstrations: which one follows from the close."""

    source = Source.FIXTURE
    fixed_at_sealing = True

    def fix(self, closes_at: datetime, now: datetime) -> Fixed:
        """Return one of the recorded rounds."""
        numbers = sorted(RECORDED)
        number = numbers[int(closes_at.timestamp()) % len(numbers)]
        return Fixed(self.source, QUICKNET.hash, number)

    def draws_at(self, closes_at: datetime) -> datetime:
        """Return when a round of drand would be known."""
        return closes_at + DELTA

    def fetch(self, fixed: Fixed) -> Round:
        """Return the recorded round. Raise `RoundLate` for any other."""
        if fixed.number not in RECORDED:
            raise RoundLate(f"round {fixed.number} is not recorded")
        return RECORDED[fixed.number]
