"""Refusals of challenges."""

from server.core.errors import Refusal


class ChallengeNotStarted(Refusal):
    """It has not begun; `params.starts_at` says when it does."""

    code, status, title = "challenge_not_started", 409, "It has not started yet"


class ChallengeEnded(Refusal):
    """Its time, or the time to claim, is over."""

    code, status, title = "challenge_ended", 409, "It is over"


class ChallengeNotCompleted(Refusal):
    """There is nothing to claim yet; `params` say how far it is."""

    code, status, title = "challenge_not_completed", 409, "It is not done yet"


class AlreadyClaimed(Refusal):
    """What there was to claim was claimed before."""

    code, status, title = "already_claimed", 409, "It was claimed already"


class EnrolmentRequired(Refusal):
    """The member has to join first."""

    code, status, title = "enrolment_required", 409, "Please join first"


class EnrolmentNotOffered(Refusal):
    """Nobody joins or leaves this: it counts for everybody by itself."""

    code, status, title = "enrolment_not_offered", 409, "It counts by itself"


class ChallengeCompleted(Refusal):
    """What is done cannot be left or answered any more."""

    code, status, title = "challenge_completed", 409, "It is done already"


class ChallengeLocked(Refusal):
    """The member is not among those it is for; `params.reasons` say why."""

    code, status, title = "challenge_locked", 403, "This is not for you yet"
