"""Where the randomness of a raffle comes from, by its source."""

from sqlalchemy import Connection

from server.core.db import reading
from server.core.installation import installation
from server.gamification.beacons.local import LocalBeacon
from server.gamification.beacons.port import Beacon, FixtureBeacon
from server.gamification.beacons.types import Fixed, Round, Source
from server.gamification.beacons.verification import verify_round
from server.integrations.drand.beacon import DrandBeacon


def beacon_of(tx: Connection, source: str) -> Beacon:
    """Return the beacon of a source, for the transaction that seals a raffle."""
    if source == Source.LOCAL:
        return LocalBeacon(tx, installation().vault)
    return _drand() if source == Source.DRAND else FixtureBeacon()


def fetch_round(fixed: Fixed) -> Round:
    """Return a round, verified; it may ask the net, so no transaction is open meanwhile.

    Raise `RoundLate` or `RoundWrong`.
    """
    if fixed.source is Source.DRAND:
        return _drand().fetch(fixed)
    with reading() as tx:
        found = beacon_of(tx, fixed.source).fetch(fixed)
    verify_round(found)
    return found


def _drand() -> DrandBeacon:
    return DrandBeacon(installation().settings.drand_mirrors)
