"""Used vouchers and donations in the history: what was had, and what it cost."""

from typing import Any

from sqlalchemy import Connection

from server.api.presenters.history_grants import HistoryView
from server.api.presenters.purchases import effect
from server.core.i18n import gettext
from server.gamification.programme.types import POINTS

DONATION = "donation"


def use_item(row: Any, view: HistoryView) -> dict[str, Any]:
    """Return the use of a voucher as an entry; a gift has cost nothing."""
    return {
        "id": row.id,
        "kind": DONATION if row.settings["kind"] == DONATION else "voucher",
        "state": "settled",
        "title": view.tiers.name(row.settings["names"]),
        "occurred_at": row.used_at,
        "location_id": row.location_id,
        "total": None,
        "points": 0,
        "points_spent": _price(row).get(POINTS, 0),
        "text": _text(row, view),
    }


def use_detail(_tx: Connection, row: Any, view: HistoryView) -> dict[str, Any]:
    """Return what became of it."""
    locale, is_donation = view.tiers.locale, row.settings["kind"] == DONATION
    if is_donation:
        return {"effects": [effect("donated", gettext(locale, "Thank you for giving."))]}
    told = (
        gettext(locale, "It was paid with points.")
        if _price(row)
        else gettext(locale, "It was a gift.")
    )
    return {"effects": [effect("voucher_used", told)]}


def _price(row: Any) -> dict[str, int]:
    """Return what was paid by unit; what was given is free."""
    return dict(row.settings.get("price") or {}) if row.ref_kind == "redemption" else {}


def _text(row: Any, view: HistoryView) -> str:
    """Say what it cost: "-30 points"."""
    price = _price(row)
    amounts = [view.tiers.of_unit(unit).points.text(price[unit]) for unit in sorted(price)]
    locale = view.tiers.locale
    if not amounts:
        return gettext(locale, "A gift")
    return ", ".join(gettext(locale, "-{points}", points=amount) for amount in amounts)
