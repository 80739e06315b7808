"""Questions of a quiz; the right answers only when nothing more can be won by knowing them."""

from collections.abc import Sequence
from typing import Any

from server.api.schemas import Boolean, Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import in_language
from server.gamification.definitions.questions import Question, Quiz


class OptionOut(Out):
    """One answer to choose."""

    key = Text(required=True)
    text = Text(required=True)


class QuestionOut(Out):
    """A question. `right` and `explanation` are null until the quiz is over for the member."""

    key = Text(required=True)
    text = Text(required=True)
    several = Boolean(required=True, metadata={"description": "Whether several answers are right."})
    options = Items(Nested(OptionOut), required=True)
    right = Items(Text(), required=True, allow_none=True)
    explanation = Text(required=True, allow_none=True)


class QuizOut(Out):
    """A quiz: its questions, and how often it was and may still be answered."""

    questions = Items(Nested(QuestionOut), required=True)
    attempts = Integer(required=True)
    attempts_left = Integer(required=True)
    best = Integer(required=True)


def present_quiz(
    quiz: Quiz, attempts: Sequence[Any], locale: str, *, is_passed: bool
) -> dict[str, Any]:
    """Return a quiz; `attempts` are the rows of those made in the present round."""
    left = max(0, quiz.attempts - len(attempts))
    is_over = is_passed or not left
    return {
        "questions": [present_question(one, locale, is_over=is_over) for one in quiz.questions],
        "attempts": len(attempts),
        "attempts_left": 0 if is_passed else left,
        "best": max((attempt.right_answers for attempt in attempts), default=0),
    }


def present_question(question: Question, locale: str, *, is_over: bool) -> dict[str, Any]:
    """Return a question, with what is right when `is_over`."""
    told = in_language(question.explanation, locale) if question.explanation else None
    return {
        "key": question.key,
        "text": in_language(question.texts, locale),
        "several": len(question.right) > 1,
        "options": [
            {"key": option.key, "text": in_language(option.texts, locale)}
            for option in question.options
        ],
        "right": sorted(question.right) if is_over else None,
        "explanation": told if is_over else None,
    }
