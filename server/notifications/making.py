"""Making messages: into the inbox, and on their way over the channels that the member wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from server.core.columns import among
from server.core.ids import new_id
from server.core.statements import Prepared
from server.notifications.models import DELIVERY, MESSAGE
from server.notifications.recipients import Person
from server.notifications.rules import why_not_wanted
from server.notifications.types import Category, Channel, MessageType, Text

_M = MESSAGE.c
_INSERT_MESSAGES, _INSERT_DELIVERIES = Prepared(insert(MESSAGE)), Prepared(insert(DELIVERY))
_KNOWN = Prepared(
    select(_M.member_id, _M.source).where(
        among(_M.member_id, "members"), among(_M.source, "sources")
    )
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is ready to be made: to whom, out of what, and in which words.

    `source` is once for a member; `is_sent` says whether it leaves the inbox.
    """

    person: Person
    source: str
    kind: MessageType
    category: Category
    text: Text
    path: str
    data: Mapping[str, Any]
    shown_at: datetime
    expires_at: datetime
    variant: str | None = None
    campaign_id: str | None = None
    is_sent: bool = True


def make_messages(tx: Connection, drafts: Sequence[Draft], now: datetime) -> int:
    """Make the messages that are not there yet and queue them; return how many.

    Their members are locked.
    """
    new = _not_made(tx, drafts)
    ids = sorted(new_id("msg", now) for _ in new)
    pairs = list(zip(ids, new, strict=True))
    _INSERT_MESSAGES.run(tx, [_message_row(*pair, now) for pair in pairs])
    _INSERT_DELIVERIES.run(
        tx,
        [
            _delivery_row(message_id, draft, channel, now)
            for message_id, draft in pairs
            for channel in channels_of(draft)
        ],
    )
    return len(new)


def channels_of(draft: Draft) -> list[Channel]:
    """Return the channels over which a message goes, as the member wants it now."""
    if not draft.is_sent:
        return []
    able = [Channel.PUSH] if draft.kind.is_silent else list(Channel)
    who = draft.person.recipient
    return [channel for channel in able if why_not_wanted(draft.category, channel, who) is None]


def _not_made(tx: Connection, drafts: Sequence[Draft]) -> list[Draft]:
    """Return the drafts of which no message was made before, each source of a member once."""
    if not drafts:
        return []
    members = sorted({draft.person.id for draft in drafts})
    sources = sorted({draft.source for draft in drafts})
    rows = _KNOWN.all(tx, {"members": members, "sources": sources})
    known = {(row.member_id, row.source) for row in rows}
    first = {(draft.person.id, draft.source): draft for draft in reversed(drafts)}
    return [draft for key, draft in reversed(first.items()) if key not in known]


def _message_row(message_id: str, draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        "id": message_id,
        "member_id": draft.person.id,
        "source": draft.source,
        "type": draft.kind.name,
        "category": str(draft.category),
        "is_silent": draft.kind.is_silent,
        "locale": draft.person.locale,
        "title": draft.text.title,
        "body": draft.text.body,
        "path": draft.path,
        "data": dict(draft.data),
        "campaign_id": draft.campaign_id,
        "variant": draft.variant,
        "created_at": now,
        "shown_at": draft.shown_at,
        "expires_at": draft.expires_at,
    }


def _delivery_row(message_id: str, draft: Draft, channel: Channel, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id("dlv", now),
        "message_id": message_id,
        "member_id": draft.person.id,
        "channel": str(channel),
        "state": "queued",
        "due_at": draft.shown_at,
        "attempts": 0,
    }
