"""Reading the ladder."""

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from server.gamification.programme.models import PROGRAMME
from server.gamification.programme.queries import RevisionCache
from server.gamification.tiers.models import TIER
from server.gamification.tiers.settings import basis_of, scheme_of
from server.gamification.tiers.types import MULTIPLIER_ONE, Benefit, Entry, Ladder, Tier

_TIERS = select(TIER).where(TIER.c.archived_at.is_(None)).order_by(TIER.c.rank)
_SETTINGS = select(PROGRAMME.c.settings, PROGRAMME.c.zone)


def get_ladder(tx: Connection, revision: str) -> Ladder:
    """Return the ladder at a programme revision."""
    return _CACHE.get(tx, revision)


def multiplier_of(tier: Tier | None) -> int:
    """Return a tier's earn multiplier in basis points; times one without a tier."""
    return tier.earn_multiplier_bp if tier else MULTIPLIER_ONE


def _load_ladder(tx: Connection, _revision: str) -> Ladder:
    row = tx.execute(_SETTINGS).first()
    settings, zone = (row.settings, row.zone) if row else ({}, "UTC")
    tiers = tuple(_tier_of(each) for each in tx.execute(_TIERS))
    return Ladder(basis_of(settings), tiers, scheme_of(settings, ZoneInfo(zone)))


def _tier_of(row: Any) -> Tier:
    return Tier(
        id=row.id,
        key=row.key,
        rank=row.rank,
        names=row.names,
        entry=Entry(row.entry),
        threshold=row.threshold,
        earn_multiplier_bp=row.earn_multiplier_bp,
        discount_bp=row.discount_bp,
        benefits=tuple(Benefit(**benefit) for benefit in row.benefits),
    )


_CACHE = RevisionCache(_load_ladder)
