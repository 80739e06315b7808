"""Refusals of star cards."""

from server.core.errors import Refusal


class StarCardNotFull(Refusal):
    """The card does not have all its stars yet; `missing` says how many."""

    code, status, title = "star_card_not_full", 409, "The card is not full yet"


class StarCardUnknown(Refusal):
    """There is no such star card in force."""

    code, status, title = "star_card_unknown", 404, "No such star card"
