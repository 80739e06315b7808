"""The words of playing."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server.gamification.badges.subjects import Person
from server.gamification.badges.types import Badge
from server.gamification.challenges.types import Challenge
from server.gamification.star_cards.types import StarCard
from server.gamification.streaks.types import Calendar, Streak


@dataclass(frozen=True, slots=True)
class Games:
    """Everything in force that an activity may move, at one revision of the programme."""

    challenges: tuple[Challenge, ...]
    streaks: tuple[Streak, ...]
    badges: tuple[Badge, ...]
    other_badges: tuple[Badge, ...]
    star_cards: tuple[StarCard, ...]
    calendar: Calendar

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to play."""
        return not (self.challenges or self.streaks or self.badges or self.star_cards)


@dataclass(frozen=True, slots=True)
class Player:
    """What of a member's profile games ask for; `zone` is the member's own."""

    zone: ZoneInfo
    person: Person
