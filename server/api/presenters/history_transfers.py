"""What members gave each other, as both see it in their history."""

from typing import Any

from sqlalchemy import Connection

from server.api.presenters.history_grants import HistoryView
from server.api.presenters.purchases import effect
from server.core.i18n import gettext, message
from server.gamification.programme.types import POINTS
from server.gamification.transfers.rules import masked

_AMOUNTS = {True: message("-{points}"), False: message("+{points}")}
_TITLES = {
    (True, True): message("Given to {name}"),
    (True, False): message("Given to another member"),
    (False, True): message("Received from {name}"),
    (False, False): message("Received from another member"),
}
"""By whether the reader gave, and whether the other has a name."""


def transfer_item(row: Any, view: HistoryView) -> dict[str, Any]:
    """Return a transfer as an entry of the sender or of the recipient."""
    points = row.amount if row.unit == POINTS else 0
    amount = view.tiers.of_unit(row.unit).points.text(row.amount)
    return {
        "id": row.id,
        "kind": "transfer_sent" if row.is_sent else "transfer_received",
        "state": "settled",
        "title": _title(row, view),
        "occurred_at": row.created_at,
        "location_id": None,
        "total": None,
        "points": 0 if row.is_sent else points,
        "points_spent": points if row.is_sent else 0,
        "text": gettext(view.tiers.locale, _AMOUNTS[bool(row.is_sent)], points=amount),
    }


def transfer_detail(_tx: Connection, row: Any, view: HistoryView) -> dict[str, Any]:
    """Return who it came from or went to."""
    kind = "points_given" if row.is_sent else "points_received"
    return {"effects": [effect(kind, _title(row, view))]}


def _title(row: Any, view: HistoryView) -> str:
    name = masked(row.recipient_name if row.is_sent else row.sender_name)
    told = _TITLES[bool(row.is_sent), name is not None]
    return gettext(view.tiers.locale, told, name=name or "")
