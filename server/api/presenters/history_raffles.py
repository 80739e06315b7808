"""Tickets that were bought, in the history; those that were given stand there as a gift."""

from typing import Any

from sqlalchemy import Connection

from server.api.presenters.history_grants import HistoryView
from server.api.presenters.purchases import effect
from server.core.i18n import gettext
from server.gamification.programme.types import POINTS
from server.gamification.raffles.rules_text import tickets_text
from server.gamification.tickets.types import EntryState


def entry_item(row: Any, history: HistoryView) -> dict[str, Any]:
    """Return bought tickets as an entry, with the name of their raffle; what was paid back for
    tickets that count no longer is not spent.
    """
    view, counts = history.tiers, row.state == EntryState.COUNTED
    price = view.of_unit(row.unit).points.text(row.price if counts else 0)
    return {
        "id": row.id,
        "kind": "raffle_entry",
        "state": "settled" if counts else "returned",
        "title": view.name(row.settings["names"]),
        "occurred_at": row.created_at,
        "location_id": None,
        "total": None,
        "points": 0,
        "points_spent": row.price if counts and row.unit == POINTS else 0,
        "text": gettext(view.locale, "-{points}", points=price),
    }


def entry_detail(_tx: Connection, row: Any, history: HistoryView) -> dict[str, Any]:
    """Return how many tickets there are."""
    counted = row.tickets if row.state == EntryState.COUNTED else 0
    return {"effects": [effect("raffle_ticket", tickets_text(history.tiers.locale, counted))]}
