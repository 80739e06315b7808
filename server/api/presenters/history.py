"""The history: what happened to a member and why, told of every source in the same few words.

To show one more source, give it a `Telling` in `TELLINGS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from server.api.presenters.history_games import play_detail, play_item
from server.api.presenters.history_grants import HistoryView, grant_detail, grant_item
from server.api.presenters.history_paid import (
    freeze_detail,
    freeze_item,
    voucher_detail,
    voucher_item,
)
from server.api.presenters.history_raffles import entry_detail, entry_item
from server.api.presenters.history_transfers import transfer_detail, transfer_item
from server.api.presenters.history_vouchers import use_detail, use_item
from server.api.presenters.purchases import (
    AppliedOut,
    Effect,
    NotAppliedOut,
    applied_of,
    effects_of,
    not_applied_of,
)
from server.api.presenters.tiers import TierView
from server.api.schemas import Instant, Integer, Items, Money, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import gettext, message
from server.gamification.activities.queries import PURCHASE, REDEMPTION
from server.gamification.activities.types import State
from server.gamification.confirmations.cancelling import ACTOR as UNCONFIRMED
from server.gamification.earning.refusals import trace_of_row
from server.gamification.screens.history import Entry, list_returns

_TITLES = {
    State.PENDING: message("Purchase, not confirmed yet"),
    State.SETTLED: message("Purchase"),
    State.PARTLY_RETURNED: message("Purchase, partly returned"),
    State.RETURNED: message("Purchase, returned"),
    State.CANCELLED: message("Purchase, cancelled"),
}


class ActivityItem(Out):
    """One entry: a purchase, another reported activity, a redemption of points without a purchase,
    a `greeting`, a `gift` of the programme, a used `voucher`, a `donation`, or points that members
    gave each other (`transfer_sent`, `transfer_received`), or what points bought: a `game_play`, a
    `raffle_entry`, a `streak_freeze`; only a purchase has a `total`. `points` is what it gave and
    `points_spent` what was paid with, both less what was taken or given back since.
    """

    id = Text(required=True)
    kind = Text(required=True)
    state = Text(required=True)
    title = Text(required=True)
    occurred_at = Instant(required=True)
    location_id = Text(required=True, allow_none=True)
    total = Nested(Money, required=True, allow_none=True)
    points = Integer(required=True)
    points_spent = Integer(required=True)
    text = Text(required=True)


class ActivityReturn(Out):
    """A return of a purchase; `text` says why when nobody asked for it."""

    id = Text(required=True)
    returned_at = Instant(required=True)
    amount = Nested(Money, required=True)
    points_taken = Integer(required=True)
    points_restored = Integer(required=True)
    text = Text(required=True, allow_none=True)


class ActivityDetail(ActivityItem):
    """One entry and the reasons: which rules gave points, which did not, what came back."""

    effects = Items(Nested(Effect), required=True)
    applied = Items(Nested(AppliedOut), required=True)
    not_applied = Items(Nested(NotAppliedOut), required=True)
    returns = Items(Nested(ActivityReturn), required=True)


@dataclass(frozen=True, slots=True)
class Telling:
    """How entries of one source are told: in the list, and what is added when one is opened."""

    item: Callable[[Any, HistoryView], dict[str, Any]]
    detail: Callable[[Connection, Any, HistoryView], dict[str, Any]]


def present_entry(entry: Entry, view: HistoryView) -> dict[str, Any]:
    """Return an entry as an `ActivityItem`."""
    return TELLINGS[entry.source].item(entry.row, view)


def present_detail(tx: Connection, entry: Entry, view: HistoryView) -> dict[str, Any]:
    """Return an entry as an `ActivityDetail`."""
    unsaid: dict[str, Any] = {"effects": [], "applied": [], "not_applied": [], "returns": []}
    told = TELLINGS[entry.source].detail(tx, entry.row, view)
    return present_entry(entry, view) | unsaid | told


def _activity_item(row: Any, history: HistoryView) -> dict[str, Any]:
    view = history.tiers
    points = row.points - row.clawed_back
    spent = sum(part["points"] for part in row.trace["spent"]) - row.restored
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "title": _title(row, history),
        "occurred_at": row.occurred_at,
        "location_id": row.location_id,
        "total": _money(row) if row.kind == PURCHASE else None,
        "points": points,
        "points_spent": spent,
        "text": _text(points, spent, view),
    }


def _activity_detail(tx: Connection, row: Any, history: HistoryView) -> dict[str, Any]:
    view, returns = history.tiers, list_returns(tx, row.id)
    return {
        "effects": effects_of(row.trace, row.currency_code, view),
        "applied": applied_of(row.trace, view),
        "not_applied": not_applied_of(trace_of_row(tx, row), view),
        "returns": [_present_return(back, row.currency_code, view) for back in returns],
    }


def _title(row: Any, history: HistoryView) -> str:
    """Return what it was: a purchase says its state, another activity has the name of its type."""
    view = history.tiers
    if row.kind == REDEMPTION:
        return gettext(view.locale, "Paid with points")
    if row.kind == PURCHASE:
        return gettext(view.locale, _TITLES.get(row.state, "Purchase"))
    return view.name(history.kinds.get(row.kind, {})) or gettext(view.locale, "Activity")


def _money(row: Any) -> dict[str, Any]:
    return {"amount_minor": row.amount_minor, "currency": row.currency_code}


def _text(points: int, spent: int, view: TierView) -> str:
    """Say what came and what went: "+2 points, -21 points"."""
    parts = []
    if points or not spent:
        parts.append(gettext(view.locale, "+{points}", points=view.points.text(points)))
    if spent:
        parts.append(gettext(view.locale, "-{points}", points=view.points.text(spent)))
    return ", ".join(parts)


def _present_return(row: Any, currency: str, view: TierView) -> dict[str, Any]:
    is_late = row.actor == UNCONFIRMED
    return {
        "id": row.id,
        "returned_at": row.recorded_at,
        "amount": {"amount_minor": row.amount_minor, "currency": currency},
        "points_taken": row.points_taken,
        "points_restored": row.points_restored,
        "text": gettext(view.locale, "It was not confirmed in time.") if is_late else None,
    }


TELLINGS: Mapping[str, Telling] = {
    "act": Telling(_activity_item, _activity_detail),
    "grt": Telling(grant_item, grant_detail),
    "vrd": Telling(use_item, use_detail),
    "mtr": Telling(transfer_item, transfer_detail),
    "ply": Telling(play_item, play_detail),
    "ent": Telling(entry_item, entry_detail),
    "vch": Telling(voucher_item, voucher_detail),
    "frz": Telling(freeze_item, freeze_detail),
}
"""By the source of `screens.history`."""
