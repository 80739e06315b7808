"""Refusals of holds."""

from typing import Any

from server.core.errors import Refusal


class HoldNotFound(Refusal):
    """There is no such hold."""

    code, status, title = "hold_not_found", 404, "No such hold"

    def __init__(self, detail: str = "", **params: Any) -> None:
        told = "No points are set aside under this id for this member and partner."
        super().__init__(detail or told, **params)


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
