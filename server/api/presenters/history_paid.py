"""What was paid for at once, in the history: codes of other shops, and freezes."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.api.presenters.history_grants import HistoryView
from server.api.presenters.purchases import effect
from server.core.i18n import gettext
from server.gamification.programme.types import POINTS


def voucher_item(row: Any, view: HistoryView) -> dict[str, Any]:
    """Return a voucher whose price was taken at once as an entry."""
    price = dict(row.settings.get("price") or {})
    return _paid(row, "voucher", row.created_at, price, view)


def voucher_detail(_tx: Connection, _row: Any, view: HistoryView) -> dict[str, Any]:
    """Say where its code is."""
    told = gettext(view.tiers.locale, "The code is among your vouchers.")
    return {"effects": [effect("voucher_bought", told)]}


def freeze_item(row: Any, view: HistoryView) -> dict[str, Any]:
    """Return a freeze that was bought as an entry, with the name of its streak."""
    return _paid(row, "streak_freeze", row.bought_at, {POINTS: row.points}, view)


def freeze_detail(_tx: Connection, _row: Any, view: HistoryView) -> dict[str, Any]:
    """Say what was bought."""
    told = gettext(view.tiers.locale, "A freeze: it saves the streak once.")
    return {"effects": [effect("freeze_bought", told)]}


def _paid(
    row: Any, kind: str, at: datetime, price: dict[str, int], view: HistoryView
) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": kind,
        "state": "settled",
        "title": view.tiers.name(row.settings["names"]),
        "occurred_at": at,
        "location_id": None,
        "total": None,
        "points": 0,
        "points_spent": price.get(POINTS, 0),
        "text": _text(price, view),
    }


def _text(price: dict[str, int], view: HistoryView) -> str:
    """Say what it cost: "-30 points"."""
    locale = view.tiers.locale
    amounts = [view.tiers.of_unit(unit).points.text(price[unit]) for unit in sorted(price)]
    return ", ".join(gettext(locale, "-{points}", points=amount) for amount in amounts)
