"""Refusals of activities."""

from server.core.errors import Refusal


class CurrencyMismatch(Refusal):
    """The purchase is in another currency than the programme's; `params.expected` is the right
    one.
    """

    code, status, title = "currency_mismatch", 422, "Another currency"

    @classmethod
    def between(cls, expected: str, got: str) -> "CurrencyMismatch":
        """Return the refusal of a purchase in `got` where `expected` is the currency."""
        detail = f"The programme counts in {expected}; the purchase is in {got}."
        return cls(detail, expected=expected, got=got)


class PurchaseInFuture(Refusal):
    """The purchase is dated later than now; the clock of the till may be wrong."""

    code, status, title = "transaction_in_future", 422, "The purchase lies in the future"


class PurchaseTooOld(Refusal):
    """The purchase was made too long ago."""

    code, status, title = "transaction_too_old", 422, "The purchase is too old"


class DuplicateMismatch(Refusal):
    """This receipt was reported before with another member or amount, or applying other points."""

    code, status = "transaction_duplicate_mismatch", 409
    title = "The receipt is known with other content"


class ReturnExceedsSale(Refusal):
    """More is returned than was bought and not yet returned."""

    code, status, title = "return_exceeds_sale", 422, "More is returned than was bought"
