"""Refusals of draws."""

from server.core.errors import Refusal


class RaffleNotSealed(Refusal):
    """It is not sealed yet (or was cancelled): `state` says how far it is."""

    code, status, title = "raffle_not_sealed", 409, "This raffle is not sealed"


class RaffleNotDrawn(Refusal):
    """There is no result yet: `state` says how far it is, `draws_at` when there will be one."""

    code, status, title = "raffle_not_drawn", 409, "This raffle is not drawn yet"


class DrawAlreadyDone(Refusal):
    """It was drawn: the result stands."""

    code, status, title = "draw_already_done", 409, "The draw is done"


class DrawNotDue(Refusal):
    """It has not closed yet, or the round that decides is not known yet."""

    code, status, title = "draw_not_due", 409, "It is too early for that"


class EntrantUnknown(Refusal):
    """No such ticket or entrant was sealed in this raffle."""

    code, status, title = "entrant_unknown", 404, "No such ticket or entrant"
