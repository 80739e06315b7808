"""Points spent: holds placed before, captured together with a purchase or by themselves."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, insert

from server.core.ids import new_id
from server.gamification.activities import queries
from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.types import Purchase, Recording, State
from server.gamification.holds.errors import HoldNotFound
from server.gamification.holds.queries import find_hold_owner, get_hold_amount
from server.gamification.holds.service import capture_hold
from server.gamification.ledger.service import find_book
from server.gamification.ledger.types import Cause
from server.gamification.programme.types import POINTS

_INSERT_ACTIVITY = insert(ACTIVITY)
_EARNS_NOTHING: dict[str, Any] = {
    "v": 1,
    "lines": [],
    "accruals": [],
    "not_applied": [],
    "points": 0,
    "transfer_id": None,
    "tier_id": None,
    "tier_change": None,
    "available_at": None,
    "expires_at": None,
}


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

    Raise `HoldNotFound` (also for another member's hold) and `HoldResolved`.
    """
    if not purchase.redemption_ids:
        return ()
    find_book(tx, purchase.member_id, POINTS, recording.now)
    if queries.find_purchase_by_receipt(tx, purchase.source, purchase.external_id):
        return ()
    ids = dict.fromkeys(purchase.redemption_ids)
    return tuple(_capture(tx, hold_id, purchase, recording) for hold_id in ids)


def _capture(tx: Connection, hold_id: str, purchase: Purchase, recording: Recording) -> Spent:
    owner = find_hold_owner(tx, hold_id)
    if owner is None or owner[0] != purchase.member_id:
        raise HoldNotFound
    points = get_hold_amount(tx, hold_id)
    now = recording.now
    cause = Cause("hold", hold_id, recording.actor, purchase.occurred_at, now)
    transfer_id = capture_hold(tx, hold_id, None, cause)
    return _spent(hold_id, transfer_id, (owner[1], points), recording)


def redeem(
    tx: Connection,
    hold_id: str,
    points: int | None,
    location_id: str | None,
    recording: Recording,
) -> None:
    """Capture a hold by itself, all of it or `points`, and keep it as an activity of its member.

    Raise `HoldNotFound`, `HoldResolved`, `CaptureExceedsHold`.
    """
    owner, now = find_hold_owner(tx, hold_id), recording.now
    if owner is None:
        raise HoldNotFound
    member_id, unit = owner
    transfer_id = capture_hold(
        tx, hold_id, points, Cause("hold", hold_id, recording.actor, now, now)
    )
    captured = get_hold_amount(tx, hold_id) if points is None else points
    spent = _spent(hold_id, transfer_id, (unit, captured), recording)
    row = _activity_row(member_id, spent, recording) | {"location_id": location_id}
    tx.execute(_INSERT_ACTIVITY, row)


def _spent(hold_id: str, transfer_id: str, amount: tuple[str, int], recording: Recording) -> Spent:
    code, points = amount
    unit = recording.configuration.programme.units.get(code)
    worth = points * unit.worth_minor if unit else 0
    return Spent(hold_id, transfer_id, code, points, worth)


def _activity_row(member_id: str, spent: Spent, recording: Recording) -> dict[str, Any]:
    """Return the row of a redemption; its receipt number is the hold, which is captured once."""
    programme = recording.configuration.programme
    return {
        "id": new_id("act", recording.now),
        "member_id": member_id,
        "kind": queries.REDEMPTION,
        "source": "hold",
        "external_id": spent.hold_id,
        "state": str(State.SETTLED),
        "occurred_at": recording.now,
        "recorded_at": recording.now,
        "actor": recording.actor,
        "amount_minor": 0,
        "currency_code": programme.currency_code,
        "points": 0,
        "trace": _EARNS_NOTHING | {"revision": programme.revision, "spent": [spent.dump()]},
        "returned": None,
        "clawed_back": 0,
        "restored": 0,
    }
