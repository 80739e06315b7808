"""What benefits are called: badges, rewards and tiers, read once per revision."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from server.gamification.badges.queries import known_badges
from server.gamification.badges.types import Badge
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.programme.queries import RevisionCache
from server.gamification.raffles import queries as raffles
from server.gamification.rewards.catalogue import get_catalogue
from server.gamification.tiers.queries import get_ladder

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BenefitNames:
    """Names by language: of rewards, tiers and raffles by key, and the badges themselves."""

    badges: Mapping[str, Badge]
    rewards: Mapping[str, Names]
    tiers: Mapping[str, Names]
    raffles: Mapping[str, Names]

    def of(self, benefit: Benefit, *, is_given: bool) -> Names | None:
        """Return the names of a badge, reward, tier or raffle.

        None: it is not there any more, or it is a secret badge that is not given yet.
        """
        if benefit.kind is BenefitKind.REWARD:
            return self.rewards.get(benefit.key)
        if benefit.kind is BenefitKind.TIER:
            return self.tiers.get(benefit.key)
        if benefit.kind is BenefitKind.TICKETS:
            return self.raffles.get(benefit.key)
        badge = self.badges.get(benefit.key)
        if badge is None or (badge.is_secret and not is_given):
            return None
        of_level = [level.names for level in badge.levels if level.number == benefit.amount]
        return (of_level and of_level[0]) or badge.names


def get_benefit_names(tx: Connection, revision: str) -> BenefitNames:
    """Return what benefits are called at a programme revision."""
    return _CACHE.get(tx, revision)


def _load(tx: Connection, revision: str) -> BenefitNames:
    return BenefitNames(
        {badge.key: badge for badge in known_badges(tx, revision)},
        {key: reward.names for key, reward in get_catalogue(tx, revision).by_key.items()},
        {tier.key: tier.names for tier in get_ladder(tx, revision).tiers},
        {raffle.key: raffle.names for raffle in raffles.PUBLISHED.known(tx, revision)},
    )


_CACHE = RevisionCache(_load)
