"""Questions with right answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from server.gamification.definitions.reading import Reader

KEY_MAX, QUESTIONS_MAX, OPTIONS_MAX = 40, 50, 10
Texts = Mapping[str, str]
"""A text by language."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose."""

    key: str
    texts: Texts


@dataclass(frozen=True, slots=True)
class Question:
    """A question; `right` are the keys of exactly those options that must be chosen."""

    key: str
    texts: Texts
    options: tuple[Option, ...]
    right: frozenset[str]
    explanation: Texts = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Quiz:
    """Questions and how often they may be answered."""

    questions: tuple[Question, ...]
    attempts: int = 1


def read_quiz(reader: Reader) -> Quiz | None:
    """Read `quiz`: its questions and how often they may be answered."""
    if not reader.has("quiz"):
        reader.raw("quiz")
        return None
    quiz = reader.nested("quiz")
    questions = quiz.each("questions", _read_question, most=QUESTIONS_MAX)
    attempts = quiz.integer("attempts", 1, least=1, most=100)
    keys = {question.key for question in questions}
    if not questions or len(keys) < len(questions):
        quiz.blame("questions", "invalid", "Each question needs a key of its own.")
    quiz.refuse_unknown()
    return Quiz(questions, attempts)


def _read_question(reader: Reader) -> Question:
    reader.required("key", "right")
    options = reader.each("options", _read_option, most=OPTIONS_MAX)
    right, keys = frozenset(reader.texts("right")), [option.key for option in options]
    if len(set(keys)) < len(keys) or len(keys) < 2:
        reader.blame("options", "invalid", "Offer at least two, each with a key of its own.")
    if not right or not right.issubset(keys):
        reader.blame("right", "invalid", "Name options that are right.")
    return Question(
        reader.text("key", "", most=KEY_MAX),
        reader.localised("texts", required=True),
        options,
        right,
        MappingProxyType(dict(reader.localised("explanation", lines=True))),
    )


def _read_option(reader: Reader) -> Option:
    reader.required("key")
    return Option(reader.text("key", "", most=KEY_MAX), reader.localised("texts", required=True))
