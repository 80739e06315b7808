"""What configured things are called, by their ids: badges, challenges, rewards, tiers and more."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from server.gamification.definitions.models import DEFINITION
from server.gamification.programme.queries import RevisionCache
from server.gamification.tiers.models import TIER

_DEFINED = select(DEFINITION.c.id, DEFINITION.c.settings).where(DEFINITION.c.version > 0)
_TIERS = select(TIER.c.id, TIER.c.names)
Names = Mapping[str, Mapping[str, str]]


def _load(tx: Connection, _revision: str) -> Names:
    defined = {row.id: row.settings.get("names") or {} for row in tx.execute(_DEFINED)}
    return defined | {row.id: row.names for row in tx.execute(_TIERS)}


_CACHE = RevisionCache(_load)


def names_by_id(tx: Connection, revision: str) -> Names:
    """Return names by language of everything that was ever published, and of tiers."""
    return _CACHE.get(tx, revision)
