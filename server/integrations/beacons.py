"""The beacon behind a source: draws ask for it here."""

from sqlalchemy import Connection

from server.core.installation import Installation
from server.gamification.beacons.local import LocalBeacon
from server.gamification.beacons.port import Beacon, FixtureBeacon
from server.gamification.beacons.types import Source
from server.integrations.drand.beacon import DrandBeacon


def beacon_of(source: Source, tx: Connection, here: Installation) -> Beacon:
    """Return the beacon of a source; only `local` uses the transaction."""
    if source is Source.LOCAL:
        return LocalBeacon(tx, here.vault)
    if source is Source.FIXTURE:
        return FixtureBeacon()
    return DrandBeacon(here.settings.drand_mirrors)
