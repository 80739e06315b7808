"""The words of orders."""

from server.gamification.vouchers.types import VoucherState

STANDING = (VoucherState.ACTIVE, VoucherState.USED)
"""States in which an order is still to be handed over, or was; in all others it is off."""
