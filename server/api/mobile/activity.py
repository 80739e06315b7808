"""The history: what happened, and why it gave what it gave."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.purchases import (
    AppliedOut,
    Effect,
    NotAppliedOut,
    applied_of,
    effects_of,
    not_applied_of,
)
from server.api.presenters.tiers import TierView
from server.api.schemas import Instant, Integer, Items, Money, Nested, PageQuery, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import tier_view_of
from server.core.errors import NotFound
from server.core.i18n import gettext, message
from server.core.pagination import CursorInvalid, Position, page_of, page_parameters, write_cursor
from server.gamification.activities.queries import (
    PURCHASE,
    REDEMPTION,
    find_activity,
)
from server.gamification.activities.types import State
from server.gamification.confirmations.cancelling import ACTOR as UNCONFIRMED
from server.gamification.earning.refusals import trace_of_row
from server.gamification.screens.history import list_returns, page_activities

_TITLES = {
    State.PENDING: message("Purchase, not confirmed yet"),
    State.SETTLED: message("Purchase"),
    State.PARTLY_RETURNED: message("Purchase, partly returned"),
    State.RETURNED: message("Purchase, returned"),
    State.CANCELLED: message("Purchase, cancelled"),
}


class ActivityItem(Out):
    """One activity: a purchase, or a redemption of points without one (its `total` is null).
    `points` is what it gave and `points_spent` what was paid with, both less what
    was taken or given back since.
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


class ActivityPage(Out):
    """A page of activities, newest first."""

    items = Items(Nested(ActivityItem), required=True)
    next_cursor = Text(required=True, allow_none=True)


class ActivityReturn(Out):
    """A return of a purchase; `text` says why when nobody asked for it."""

    id = Text(required=True)
    returned_at = Instant(required=True)
    amount = Nested(Money, required=True)
    points_taken = Integer(required=True)
    points_restored = Integer(required=True)
    text = Text(required=True, allow_none=True)


class ActivityDetail(ActivityItem):
    """One activity and the reasons: which rules gave points, which did not, what came back."""

    effects = Items(Nested(Effect), required=True)
    applied = Items(Nested(AppliedOut), required=True)
    not_applied = Items(Nested(NotAppliedOut), required=True)
    returns = Items(Nested(ActivityReturn), required=True)


@member.get(
    "/me/activity",
    "listMyActivity",
    query=PageQuery,
    answers={200: ActivityPage},
    refuses=(CursorInvalid,),
)
def list_my_activity(call: Call) -> Reply:
    """Get the history, newest first."""
    scope, limit = f"activity:{call.principal.id}", call.query["limit"]
    parameters = page_parameters(call.vault, scope, call.query["cursor"], limit)
    rows = page_activities(call.tx, call.principal.id, parameters)
    view = tier_view_of(call)

    def cursor_of(row: Any) -> str:
        return write_cursor(call.vault, scope, Position(row.occurred_at, row.id))

    return Reply(page_of(rows, limit, lambda row: _present(row, view), cursor_of))


@member.get(
    "/me/activity/{activity_id}",
    "getMyActivity",
    answers={200: ActivityDetail},
    refuses=(NotFound,),
)
def get_my_activity(call: Call, activity_id: str) -> Reply:
    """Get one activity with the reasons for its points."""
    row = find_activity(call.tx, activity_id)
    if row is None or row.member_id != call.principal.id:
        raise NotFound("There is no such activity.")
    view = tier_view_of(call)
    returns = list_returns(call.tx, activity_id)
    detail = {
        "effects": effects_of(row.trace, row.currency_code, view),
        "applied": applied_of(row.trace, view),
        "not_applied": not_applied_of(trace_of_row(call.tx, row), view),
        "returns": [_present_return(back, row.currency_code, view) for back in returns],
    }
    return Reply(_present(row, view) | detail)


def _present(row: Any, view: TierView) -> dict[str, Any]:
    points = row.points - row.clawed_back
    spent = sum(part["points"] for part in row.trace["spent"]) - row.restored
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "title": _title(row, view),
        "occurred_at": row.occurred_at,
        "location_id": row.location_id,
        "total": _money(row) if row.kind == PURCHASE else None,
        "points": points,
        "points_spent": spent,
        "text": _text(points, spent, view),
    }


def _title(row: Any, view: TierView) -> str:
    if row.kind == REDEMPTION:
        return gettext(view.locale, "Paid with points")
    return gettext(view.locale, _TITLES.get(row.state, "Purchase"))


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
