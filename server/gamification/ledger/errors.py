"""Refusals of the ledger."""

from server.core.errors import Refusal


class BalanceInsufficient(Refusal):
    """Fewer points are available than asked for; `missing` says how many."""

    code, status, title = "balance_insufficient", 409, "Not enough points"


class AmountInvalid(Refusal):
    """An amount of points must be a whole number from 1 to 2^53 - 1."""

    code, status, title = "amount_invalid", 422, "The amount is not possible"
