"""Refusals of raffles."""

from server.core.errors import Refusal


class RaffleUnknown(Refusal):
    """There is no such raffle, or it was never published."""

    code, status, title = "raffle_unknown", 404, "No such raffle"


class RaffleUnfit(Refusal):
    """It cannot be published as it is: `reason` says why, `detail` in words."""

    code, status, title = "raffle_unfit", 409, "This raffle cannot be published"


class RaffleRulesFixed(Refusal):
    """Somebody has entered: the rules cannot be changed any more."""

    code, status, title = "raffle_rules_fixed", 409, "The rules cannot change any more"


class RaffleClosed(Refusal):
    """Nobody can enter or leave: `state` says how far the raffle is."""

    code, status, title = "raffle_closed", 409, "This raffle is closed"


class RaffleFull(Refusal):
    """As many have entered (or as many tickets are sold) as there can be."""

    code, status, title = "raffle_full", 409, "This raffle is full"
