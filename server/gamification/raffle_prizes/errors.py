"""Refusals of prizes."""

from server.core.errors import Refusal


class PrizeUnknown(Refusal):
    """The member has won no such prize."""

    code, status, title = "prize_unknown", 404, "No such prize"


class PrizeClaimExpired(Refusal):
    """It was not claimed in time (`claim_by`), or was taken back: somebody else has it."""

    code, status, title = "prize_claim_expired", 410, "The time to claim this prize is over"


class PrizeNotDue(Refusal):
    """It is not claimed yet, or the days in which one may complain are not over."""

    code, status, title = "prize_not_due", 409, "This prize cannot be handed over yet"


class SubstituteUnfit(Refusal):
    """A substitute is worth at least as much, and the prize was not given; `reason` says which."""

    code, status, title = "substitute_unfit", 409, "This cannot be given instead"
