"""The history: what happened, and why it gave what it gave."""

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.history import (
    ActivityDetail,
    ActivityItem,
    present_detail,
    present_entry,
)
from server.api.presenters.history_grants import HistoryView
from server.api.schemas import Items, Nested, PageQuery, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import benefit_view_of, tier_view_of
from server.core.errors import NotFound
from server.core.pagination import CursorInvalid, Position, page_of, page_parameters, write_cursor
from server.gamification.activity_types.queries import known_activity_types
from server.gamification.screens.history import Entry, find_entry, page_entries


class ActivityPage(Out):
    """A page of the history, newest first."""

    items = Items(Nested(ActivityItem), required=True)
    next_cursor = Text(required=True, allow_none=True)


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
    entries = page_entries(call.tx, call.principal.id, parameters)
    view = _view(call)

    def cursor_of(entry: Entry) -> str:
        return write_cursor(call.vault, scope, Position(entry.at, entry.id))

    return Reply(page_of(entries, limit, lambda entry: present_entry(entry, view), cursor_of))


@member.get(
    "/me/activity/{activity_id}",
    "getMyActivity",
    answers={200: ActivityDetail},
    refuses=(NotFound,),
)
def get_my_activity(call: Call, activity_id: str) -> Reply:
    """Get one activity with the reasons for its points."""
    entry = find_entry(call.tx, call.principal.id, activity_id)
    if entry is None:
        raise NotFound("There is no such activity.")
    return Reply(present_detail(call.tx, entry, _view(call)))


def _view(call: Call) -> HistoryView:
    revision = call.configuration.programme.revision
    kinds = {one.key: one.names for one in known_activity_types(call.tx, revision)}
    return HistoryView(tier_view_of(call), benefit_view_of(call), kinds)
