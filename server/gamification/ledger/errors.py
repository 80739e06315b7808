"""Refusals of the ledger."""

from server.core.errors import Refusal


class BalanceInsufficient(Refusal):
    """Fewer points are available than asked for; `missing` says how many."""

    code, status, title = "balance_insufficient", 409, "Not enough points"


class HoldNotFound(Refusal):
    """There is no such hold."""

    code, status, title = "hold_not_found", 404, "No such hold"


class HoldResolved(Refusal):
    """The hold was captured, released or lapsed before, as `params.state` says."""

    code, status, title = "hold_resolved", 409, "The hold is already resolved"

    @classmethod
    def into(cls, state: str) -> "HoldResolved":
        """Return the refusal of a hold that ended in `state`."""
        became = {
            "captured": "The held points were spent before.",
            "released": "The held points were given back before.",
            "lapsed": "The time of the hold is over; the points go back by themselves.",
        }
        return cls(f"{became[state]} Make a new hold to spend points.", state=str(state))


class CaptureExceedsHold(Refusal):
    """More was to be captured than is held."""

    code, status, title = "capture_exceeds_hold", 422, "More than was held"


class AmountInvalid(Refusal):
    """An amount of points must be a whole number from 1 to 2^53 - 1."""

    code, status, title = "amount_invalid", 422, "The amount is not possible"
