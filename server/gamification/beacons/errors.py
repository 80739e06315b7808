"""Why a round cannot be had."""


class RoundLate(Exception):  # noqa: N818 - reads as what happened
    """The round is not there yet, or nobody answers: the same round is asked for again later."""


class RoundWrong(Exception):  # noqa: N818 - reads as what happened
    """What was given as the round is not the round; nothing is drawn from it."""


class RoundPublic(Exception):  # noqa: N818 - reads as what happened
    """The round is known already, or about to be: nothing may be fixed to it any more."""
