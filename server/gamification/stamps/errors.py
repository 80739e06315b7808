"""Refusals of stamps."""

from server.core.errors import Refusal


class StampsSpent(Refusal):
    """The member has had as many stars by hand today as people may give; `left` are still there,
    more from `next_on`.
    """

    code, status, title = "stamps_spent", 409, "No more stars can be given by hand today"


class StampUnitUnknown(Refusal):
    """The shop has no such unit besides points, or several to choose from; `units` are known."""

    code, status, title = "stamp_unit_unknown", 422, "It is not clear which stars to give"
