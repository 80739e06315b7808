"""Points spent without a purchase: kept as an activity of their own."""

from typing import Any

from sqlalchemy import Connection, insert

from server.core.ids import new_id
from server.gamification.activities import queries
from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.spending import Spent, spent_of
from server.gamification.activities.types import Recording, State
from server.gamification.holds.errors import HoldNotFound
from server.gamification.holds.queries import find_hold_owner, get_hold_amount
from server.gamification.holds.service import capture_hold
from server.gamification.ledger.types import Cause

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
    spent = spent_of(hold_id, transfer_id, (unit, captured), recording)
    row = _activity_row(member_id, spent, recording) | {"location_id": location_id}
    tx.execute(_INSERT_ACTIVITY, row)


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
