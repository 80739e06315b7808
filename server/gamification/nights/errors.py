"""What can be in the way of a night. Nobody outside meets these, so they have no public code."""


class NightsMissed(Exception):  # noqa: N818 - reads as what happened
    """So many nights are missing that a wrong clock is likelier; a person must say go on."""


class LeaseLost(Exception):  # noqa: N818 - reads as what happened
    """Another worker has the night now; whatever was done in this transaction is undone."""
