"""Plays that were bought, in the history; what they won stands there as a gift."""

from typing import Any

from sqlalchemy import Connection

from server.api.presenters.history_grants import HistoryView
from server.core.i18n import gettext


def play_item(row: Any, history: HistoryView) -> dict[str, Any]:
    """Return a play for points as an entry, with the name that its game had then."""
    view = history.tiers
    return {
        "id": row.id,
        "kind": "game_play",
        "state": "settled",
        "title": view.name(row.settings["names"]),
        "occurred_at": row.played_at,
        "location_id": None,
        "total": None,
        "points": 0,
        "points_spent": row.price_points,
        "text": gettext(view.locale, "-{points}", points=view.points.text(row.price_points)),
    }


def play_detail(_tx: Connection, _row: Any, _history: HistoryView) -> dict[str, Any]:
    """Return nothing more: the play says its own outcome at `/me/plays/{id}`."""
    return {}
