"""The inbox: what the member was told, read or not, and what became of pushes."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.schemas import (
    Boolean,
    Choice,
    Instant,
    Integer,
    Items,
    Nested,
    PageQuery,
    RequestSchema,
    Text,
)
from server.api.schemas import ResponseSchema as Out
from server.core.errors import NotFound
from server.core.pagination import CursorInvalid, Position, page_of, page_parameters, write_cursor
from server.notifications.inbox import (
    Receipt,
    ReceiptKind,
    count_unread,
    mark_read,
    mark_read_until,
    note_receipts,
    page_inbox,
)
from server.notifications.types import Category


class MessageOut(Out):
    """A message, in the language in which it was told; `path` is where a tap leads."""

    id = Text(required=True)
    type = Text(required=True)
    category = Choice(*map(str, Category), required=True)
    title = Text(required=True)
    body = Text(required=True)
    path = Text(required=True)
    is_read = Boolean(required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True)


class InboxPage(Out):
    """A page of the inbox, newest first; `unread` counts all that is unread and still true."""

    items = Items(Nested(MessageOut), required=True)
    next_cursor = Text(required=True, allow_none=True)
    unread = Integer(required=True)


class Unread(Out):
    """How many messages are left to read."""

    unread = Integer(required=True)


class MessageChange(RequestSchema):
    """What to change of a message."""

    example = {"is_read": True}

    is_read = Boolean(required=True)


class MarkerIn(RequestSchema):
    """Up to when messages were read: the newest `created_at` on the screen."""

    example = {"until": "2026-11-22T14:36:58Z"}

    until = Instant(required=True)


class ReceiptIn(RequestSchema):
    """What became of the push of one message."""

    message_id = Text(required=True, most=31)
    kind = Choice(*map(str, ReceiptKind), required=True)
    at = Instant(required=True)


class ReceiptsIn(RequestSchema):
    """Receipts, gathered by the app; sent again they change nothing."""

    example = {
        "items": [
            {
                "message_id": "msg_01jd3n0000000000000000000a",
                "kind": "opened",
                "at": "2026-11-22T14:30:00Z",
            }
        ]
    }

    items = Items(Nested(ReceiptIn), required=True, least=1)


class ReceiptsOut(Out):
    """How many of the receipts were of messages of the member; the others are ignored."""

    accepted = Integer(required=True)


@member.get(
    "/me/inbox", "listMyInbox", query=PageQuery, answers={200: InboxPage}, refuses=(CursorInvalid,)
)
def list_my_inbox(call: Call) -> Reply:
    """Get the inbox, newest first. Every push is here too, under the same id."""
    scope, limit = f"inbox:{call.principal.id}", call.query["limit"]
    parameters = page_parameters(call.vault, scope, call.query["cursor"], limit)
    rows = page_inbox(call.tx, call.principal.id, parameters, call.now)

    def cursor_of(row: Any) -> str:
        return write_cursor(call.vault, scope, Position(row.shown_at, row.id))

    return Reply(page_of(rows, limit, _present, cursor_of) | {"unread": _unread(call)})


@member.patch(
    "/me/inbox/{message_id}",
    "changeMyMessage",
    body=MessageChange,
    answers={200: MessageOut},
    refuses=(NotFound,),
)
def change_my_message(call: Call, message_id: str) -> Reply:
    """Mark one message as read or unread."""
    is_read = call.body["is_read"]
    row = mark_read(call.tx, call.principal.id, message_id, is_read=is_read, now=call.now)
    return Reply(_present(row))


@member.put("/me/inbox/read-marker", "markInboxRead", body=MarkerIn, answers={200: Unread})
def mark_inbox_read(call: Call) -> Reply:
    """Mark everything up to an instant as read; what comes meanwhile stays unread."""
    mark_read_until(call.tx, call.principal.id, call.body["until"], call.now)
    return Reply({"unread": _unread(call)})


@member.post("/me/push-receipts", "createPushReceipts", body=ReceiptsIn, answers={200: ReceiptsOut})
def create_push_receipts(call: Call) -> Reply:
    """Tell what became of pushes, in batches: opened or dismissed. Opened ones count as read."""
    receipts = [
        Receipt(one["message_id"], ReceiptKind(one["kind"]), one["at"])
        for one in call.body["items"]
    ]
    return Reply({"accepted": note_receipts(call.tx, call.principal.id, receipts, call.now)})


def _unread(call: Call) -> int:
    return count_unread(call.tx, call.principal.id, call.now)


def _present(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "type": row.type,
        "category": row.category,
        "title": row.title,
        "body": row.body,
        "path": row.path,
        "is_read": row.read_at is not None,
        "created_at": row.shown_at,
        "expires_at": row.expires_at,
    }
