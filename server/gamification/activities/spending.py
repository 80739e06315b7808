"""Points spent: holds placed before, captured together with a purchase or by themselves."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from server.gamification.activities import queries
from server.gamification.activities.types import Purchase, Recording
from server.gamification.holds.errors import HoldNotFound
from server.gamification.holds.queries import find_hold_owner, get_hold_amount
from server.gamification.holds.service import capture_hold
from server.gamification.ledger.service import find_book
from server.gamification.ledger.types import Cause
from server.gamification.points.spending import check_share
from server.gamification.programme.types import POINTS


@dataclass(frozen=True, slots=True)
class Spent:
    """Points of one redemption: the capturing transfer, how many, and their worth in money."""

    hold_id: str
    transfer_id: str
    unit: str
    points: int
    worth_minor: int

    def dump(self) -> dict[str, Any]:
        """Return the part as JSON for the trace."""
        return asdict(self)


def capture_redemptions(
    tx: Connection, purchase: Purchase, recording: Recording
) -> tuple[Spent, ...]:
    """Capture the holds that a purchase applies, unless it was recorded before.

    The wallet is locked before the receipt is looked up: its twin may be on the way.

    Raise `HoldNotFound` (also another member's hold), `HoldResolved`, `SpendShareExceeded`.
    """
    if not purchase.redemption_ids:
        return ()
    find_book(tx, purchase.member_id, POINTS, recording.now)
    if queries.find_purchase_by_receipt(tx, purchase.source, purchase.external_id):
        return ()
    ids, programme = dict.fromkeys(purchase.redemption_ids), recording.configuration.programme
    spent = tuple(_capture(tx, hold_id, purchase, recording) for hold_id in ids)
    worth = programme.units[POINTS].worth_minor if POINTS in programme.units else 0
    points = sum(one.points for one in spent)
    check_share(programme.policies, points, worth, purchase.amount_minor)
    return spent


def _capture(tx: Connection, hold_id: str, purchase: Purchase, recording: Recording) -> Spent:
    owner = find_hold_owner(tx, hold_id)
    if owner is None or owner[0] != purchase.member_id:
        raise HoldNotFound
    points = get_hold_amount(tx, hold_id)
    now = recording.now
    cause = Cause("hold", hold_id, recording.actor, purchase.occurred_at, now)
    transfer_id = capture_hold(tx, hold_id, None, cause)
    return spent_of(hold_id, transfer_id, (owner[1], points), recording)


def spent_of(
    hold_id: str, transfer_id: str, amount: tuple[str, int], recording: Recording
) -> Spent:
    """Return what was spent: `amount` is unit and points."""
    unit = recording.configuration.programme.units.get(amount[0])
    worth = amount[1] * unit.worth_minor if unit else 0
    return Spent(hold_id, transfer_id, *amount, worth)
