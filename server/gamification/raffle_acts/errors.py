"""Refusals of acts that need two people."""

from server.core.errors import Refusal


class DrawNeedsSecondPerson(Refusal):
    """Somebody else must approve this: whoever asked for it cannot."""

    code, status, title = "draw_needs_second_person", 403, "A second person must approve this"


class ActUnknown(Refusal):
    """There is no such act, or it was approved before."""

    code, status, title = "raffle_act_unknown", 404, "Nothing is waiting to be approved"
