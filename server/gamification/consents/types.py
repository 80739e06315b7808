"""The words of consents."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.gamification.members.types import Source


class Purpose(StrEnum):
    """What may be agreed to: advertising by push, and by e-mail."""

    MARKETING_PUSH = "marketing_push"
    MARKETING_EMAIL = "marketing_email"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is given: to what, yes or no, the version of the words, and where."""

    purpose: Purpose
    is_granted: bool
    version: str
    source: Source


@dataclass(frozen=True, slots=True)
class Consent:
    """The newest answer to a purpose; `number` counts the answers of a member to it from 1."""

    answer: Answer
    number: int
    recorded_at: datetime
