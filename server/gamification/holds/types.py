"""The words of holds."""

from enum import StrEnum


class Purpose(StrEnum):
    """What points are set aside for; whoever ends a hold must know its purpose."""

    POINTS = "points"
    VOUCHER = "voucher"
