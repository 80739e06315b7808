"""Vouchers: what members hold of rewards, from the redemption to the till and back."""
