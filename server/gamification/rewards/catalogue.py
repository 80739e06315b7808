"""The catalogue: published rewards, read once per revision, and every version ever published."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from sqlalchemy import Connection

from server.core.errors import NotFound
from server.gamification.definitions.queries import list_definitions
from server.gamification.definitions.types import Definition, State
from server.gamification.definitions.versions import Versions
from server.gamification.programme.queries import RevisionCache
from server.gamification.rewards.settings import REWARDS, read_reward
from server.gamification.rewards.types import Reward


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The rewards in force in the owner's order, and the paused ones too by id and by key."""

    live: tuple[Reward, ...]
    by_id: Mapping[str, Reward]
    by_key: Mapping[str, Reward]

    def get(self, reward_id: str) -> Reward:
        """Return a reward in force. Raise `NotFound`."""
        found = self.by_id.get(reward_id)
        if found is None or found not in self.live:
            raise NotFound("There is no such reward.")
        return found


def get_catalogue(tx: Connection, revision: str) -> Catalogue:
    """Return the catalogue at a revision of the programme."""
    return _CACHE.get(tx, revision)


def _load(tx: Connection, _revision: str) -> Catalogue:
    rows = list_definitions(tx, REWARDS.name, (State.PUBLISHED, State.PAUSED))
    rewards = [(row.state is State.PUBLISHED, _reward_of(row)) for row in rows]
    return Catalogue(
        tuple(reward for is_live, reward in rewards if is_live),
        MappingProxyType({reward.id: reward for _, reward in rewards}),
        MappingProxyType({reward.key: reward for _, reward in rewards}),
    )


def _reward_of(row: Definition) -> Reward:
    return replace(read_reward(row.id, row.key, row.settings), version=row.version)


_CACHE: RevisionCache[Catalogue] = RevisionCache(_load)
_VERSIONS: Versions[Reward] = Versions(
    _reward_of, lambda: NotFound("There is no such version of the reward.")
)


def reward_at(tx: Connection, reward_id: str, version: int) -> Reward:
    """Return a reward as it was published in a version, which never changes."""
    return _VERSIONS.at(tx, reward_id, version)
