"""Points as money at the till: how many may pay for a bill. Pure decisions."""

from server.gamification.points.errors import SpendShareExceeded, SpendTooSmall
from server.gamification.programme.types import Policies

WHOLE_BP = 10_000


def most_points(policies: Policies, worth_minor: int, bill_minor: int) -> int:
    """Return how many points may pay for a bill of `bill_minor`, at `worth_minor` for each point.

    The share of the bill that points may pay is rounded down to whole points.
    """
    if worth_minor <= 0:
        return 0
    return bill_minor * policies.spend_share_bp_max // (WHOLE_BP * worth_minor)


def check_least(policies: Policies, points: int) -> None:
    """Refuse to set aside fewer points than may be spent at once (`SpendTooSmall`)."""
    if points < policies.spend_points_min:
        raise SpendTooSmall(least=policies.spend_points_min)


def check_share(policies: Policies, points: int, worth_minor: int, paid_minor: int) -> None:
    """Refuse points that pay more than their share of a bill (`SpendShareExceeded`).

    `paid_minor` is what is left to pay in money, so the bill is that and the worth of the points.
    Points that are worth nothing pay for no bill and are not looked at.
    """
    if policies.spend_share_bp_max >= WHOLE_BP or worth_minor <= 0:
        return
    most = most_points(policies, worth_minor, paid_minor + points * worth_minor)
    if points > most:
        raise SpendShareExceeded(most=most)
