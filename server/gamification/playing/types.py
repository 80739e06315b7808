"""The words of playing."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server.gamification.badges.subjects import Person
from server.gamification.badges.types import Badge
from server.gamification.challenges.types import Challenge
from server.gamification.raffles.types import Raffle
from server.gamification.star_cards.types import StarCard
from server.gamification.streaks.types import Calendar, Streak


@dataclass(frozen=True, slots=True)
class Games:
    """Everything in force that an activity may move, at one revision of the programme.

    `raffles` are those of which purchases give tickets.
    """

    challenges: tuple[Challenge, ...]
    streaks: tuple[Streak, ...]
    badges: tuple[Badge, ...]
    other_badges: tuple[Badge, ...]
    star_cards: tuple[StarCard, ...]
    calendar: Calendar
    raffles: tuple[Raffle, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to play."""
        played = (self.challenges, self.streaks, self.badges, self.star_cards, self.raffles)
        return not any(played)


@dataclass(frozen=True, slots=True)
class Player:
    """What of a member's profile games ask for; `zone` is the member's own."""

    zone: ZoneInfo
    person: Person
