"""The words of greetings."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class GreetingKind(StrEnum):
    """For which day of the year a member is greeted."""

    BIRTHDAY = "birthday"
    ANNIVERSARY = "anniversary"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member whose day may have come: the dates that decide, as of the member's own calendar.

    `since_on` is the first day on which this kind of greeting is given at all, and `last_on` the
    day for which the member was greeted last.
    """

    member_id: str
    born_on: date | None
    joined_on: date
    today: date
    since_on: date
    last_on: date | None = None
