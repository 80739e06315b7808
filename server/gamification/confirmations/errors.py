"""Refusals of confirmations."""

from server.core.errors import Refusal


class NotAwaited(Refusal):
    """The points of the purchase do not wait for a confirmation."""

    code, status, title = "confirmation_not_awaited", 409, "There is nothing to confirm"


class TransactionClosed(Refusal):
    """The purchase was returned or cancelled before, as `params.state` says."""

    code, status, title = "transaction_closed", 409, "The purchase came back"


class ConfirmationLate(Refusal):
    """The time in which the purchase could be confirmed is over; its points are taken back."""

    code, status, title = "confirmation_late", 409, "The confirmation comes too late"
