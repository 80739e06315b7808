"""Tickets of raffles for purchases: so many for each full amount, and fewer when some comes back.

The grant of a purchase is known by how many tickets the purchase is worth. When less of it is left
that grant is taken back and one for what is left is given, so the cap and closed raffles count.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from server.gamification.activities.queries import PURCHASE
from server.gamification.activities.types import Outcome, Purchase, Recording
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.service import give, take_back
from server.gamification.grants.types import PartState, Reason
from server.gamification.raffles.queries import find_standing
from server.gamification.raffles.types import Raffle
from server.gamification.tickets.queries import count_held, get_entrant
from server.gamification.tickets.rules import tickets_for_purchase, why_not_entered, why_not_open

REASON = "raffle_purchase"
NAMES = {"en": "A purchase", "ru": "Покупка", "et": "Ost"}


def give_for_purchases(
    tx: Connection,
    raffles: Sequence[Raffle],
    done: Sequence[tuple[Purchase, Outcome]],
    recording: Recording,
) -> bool:
    """Give the tickets of new purchases to members who may enter; tell whether there were any."""
    now = recording.now
    running = [one for one in raffles if one.opens_at <= now < one.closes_at]
    bought = [outcome for purchase, outcome in done if purchase.kind == PURCHASE]
    given = False
    for outcome in bought if running else ():
        for raffle in running:
            of = (outcome.member_id, outcome.activity_id)
            given |= _give(tx, raffle, of, outcome.amount_minor, recording)
    return given


def shrink_for_return(
    tx: Connection,
    raffles: Sequence[Raffle],
    of: tuple[str, str],
    amounts: tuple[int, int],
    recording: Recording,
) -> bool:
    """Let tickets follow a return. `of` are member and activity, `amounts` the money of the
    purchase before and after it. Tell whether tickets were taken.
    """
    taken = False
    for raffle in raffles:
        before, after = (tickets_for_purchase(raffle, amount) for amount in amounts)
        if after < before and _take(tx, raffle, of, before, recording):
            _give(tx, raffle, of, amounts[1], recording)
            taken = True
    return taken


def _give(
    tx: Connection, raffle: Raffle, of: tuple[str, str], amount_minor: int, recording: Recording
) -> bool:
    member_id, activity_id = of
    tickets = tickets_for_purchase(raffle, amount_minor)
    if not tickets or not _may_enter(tx, raffle, member_id, recording.now):
        return False
    benefit = Benefit(BenefitKind.TICKETS, tickets, raffle.key)
    reason = Reason(REASON, _ref(raffle, activity_id, tickets), NAMES, activity_id)
    give(tx, member_id, [benefit], reason, recording.actor, recording.now)
    return True


def _may_enter(tx: Connection, raffle: Raffle, member_id: str, now: datetime) -> bool:
    """Tell whether a grant would give something: most purchases are of those who have it all."""
    standing = find_standing(tx, raffle.id)
    if standing is None or why_not_open(standing, now) is not None:
        return False
    if count_held(tx, raffle.id, member_id) >= raffle.cap:
        return False
    return why_not_entered(raffle, get_entrant(tx, member_id, now)) is None


def _take(
    tx: Connection, raffle: Raffle, of: tuple[str, str], tickets: int, recording: Recording
) -> bool:
    ref = (REASON, _ref(raffle, of[1], tickets))
    back = take_back(tx, of[0], ref, recording.actor, recording.now)
    return back is not None and all(part.state is PartState.TAKEN for part in back.parts)


def _ref(raffle: Raffle, activity_id: str, tickets: int) -> str:
    return f"{activity_id}:{tickets}:{raffle.key}"
