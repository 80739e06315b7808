"""Every kind of definition there is, by the name of its tables in preset files."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from server.gamification.activity_types.settings import ACTIVITY_TYPES
from server.gamification.badges.settings import BADGES
from server.gamification.challenges.settings import CHALLENGES
from server.gamification.definitions.types import Kind
from server.gamification.games.settings import GAMES
from server.gamification.raffles.publishing import RAFFLES
from server.gamification.rewards.settings import REWARDS
from server.gamification.star_cards.settings import STAR_CARDS
from server.gamification.streaks.settings import STREAKS

KINDS: Mapping[str, Kind[Any]] = MappingProxyType(
    {
        "activity_types": ACTIVITY_TYPES,
        "rewards": REWARDS,
        "star_cards": STAR_CARDS,
        "badges": BADGES,
        "challenges": CHALLENGES,
        "streaks": STREAKS,
        "raffles": RAFFLES,
        "games": GAMES,
    }
)
"""In the order in which presets install them; a new kind takes its place here."""
