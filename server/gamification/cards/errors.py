"""Refusals about cards and codes shown at the till."""

from server.core.errors import Refusal


class CardBlocked(Refusal):
    """The card was blocked or replaced; `params.state` says which."""

    code, status, title = "card_blocked", 403, "This card is no longer in use"


class CardTaken(Refusal):
    """The number is on another card already."""

    code, status, title = "card_taken", 409, "This card number is in use"


class QrStale(Refusal):
    """The rotating code is not from the last minute: it can earn, it cannot spend."""

    code, status, title = "qr_stale", 403, "The code on the phone is too old"


class QrReplayed(Refusal):
    """This rotating code was spent with already; the next one comes within 30 seconds."""

    code, status, title = "qr_replayed", 409, "This code was used already"


class SpokenCodeExpired(Refusal):
    """The spoken code was right and is too old."""

    code, status, title = "spoken_code_expired", 410, "The spoken code has expired"


class AssuranceTooLow(Refusal):
    """The member is not shown well enough for this; `params.needs` says what would do."""

    code, status, title = "assurance_too_low", 403, "A fresh code is needed"

    @classmethod
    def to_spend(cls) -> "AssuranceTooLow":
        """Return the refusal of a device that wants to spend without the rotating code."""
        detail = "To spend points a device sends `qr`, the code shown by the member's app just now."
        return cls(detail, needs="fresh_qr")
