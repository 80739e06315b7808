"""Holds: points set aside for a purchase or a voucher, until captured, released or lapsed."""
