"""Refusals of quizzes."""

from server.core.errors import Refusal


class AttemptsUsedUp(Refusal):
    """The quiz was answered as often as it may be."""

    code, status, title = "attempts_used_up", 409, "No attempts are left"


class NotAQuiz(Refusal):
    """There is nothing to answer here."""

    code, status, title = "not_a_quiz", 409, "This is not a quiz"
