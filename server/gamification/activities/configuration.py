"""Everything configured that a purchase needs, loaded once per revision and process."""

from sqlalchemy import Connection

from server.gamification.activities.types import Configuration
from server.gamification.earning.queries import get_rules
from server.gamification.programme.queries import (
    RevisionCache,
    current_revision,
    get_programme,
)
from server.gamification.tiers.queries import get_ladder


def get_configuration(tx: Connection, revision: str | None = None) -> Configuration:
    """Return the configuration at `revision`, by default the one in force."""
    return _CACHE.get(tx, revision or current_revision(tx))


def _load(tx: Connection, revision: str) -> Configuration:
    return Configuration(
        get_programme(tx, revision), get_rules(tx, revision), get_ladder(tx, revision)
    )


_CACHE = RevisionCache(_load)
