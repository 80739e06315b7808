"""Everything configured that a purchase needs, loaded once per revision and process."""

from sqlalchemy import Connection

from server.gamification.activities.types import Configuration
from server.gamification.earning.queries import get_rules
from server.gamification.programme.queries import (
    RevisionCache,
    current_revision,
    get_programme,
)
from server.gamification.programme.types import POINTS
from server.gamification.star_cards.queries import get_star_cards
from server.gamification.tiers.queries import get_ladder


def get_configuration(tx: Connection, revision: str | None = None) -> Configuration:
    """Return the configuration at `revision`, by default the one in force."""
    return _CACHE.get(tx, revision or current_revision(tx))


def _load(tx: Connection, revision: str) -> Configuration:
    rules = get_rules(tx, revision)
    units = sorted({rule.unit for rule in rules} - {POINTS})
    return Configuration(
        get_programme(tx, revision),
        tuple(rule for rule in rules if rule.unit == POINTS),
        get_ladder(tx, revision),
        {unit: tuple(rule for rule in rules if rule.unit == unit) for unit in units},
        get_star_cards(tx, revision),
    )


_CACHE = RevisionCache(_load)
