"""The inbox: every message that was shown to a member, read or not; and what became of pushes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from server.core.columns import UTCDateTime
from server.core.errors import NotFound
from server.core.pagination import newest_first
from server.core.statements import Prepared
from server.notifications.models import MESSAGE

_M = MESSAGE.c
_NOW = bindparam("now", type_=UTCDateTime)
_MINE = _M.member_id == bindparam("of_member")
_ONE = (_MINE, _M.id == bindparam("of_id"), _M.is_silent.is_(False), _M.shown_at <= _NOW)
_PAGE = newest_first(
    select(MESSAGE).where(_MINE, _M.is_silent.is_(False), _M.shown_at <= _NOW),
    _M.shown_at,
    _M.id,
)
_UNREAD = Prepared(
    select(func.count().label("count")).where(
        _MINE,
        _M.read_at.is_(None),
        _M.is_silent.is_(False),
        _M.shown_at <= _NOW,
        _M.expires_at > _NOW,
    )
)
_READ = update(MESSAGE).where(*_ONE).values(read_at=bindparam("at")).returning(MESSAGE)
_READ_ALL = update(MESSAGE).where(
    _MINE, _M.read_at.is_(None), _M.is_silent.is_(False), _M.shown_at <= bindparam("until")
)
_FIRST = {
    name: func.coalesce(_M[name], bindparam("at", type_=UTCDateTime))
    for name in ("read_at", "opened_at", "dismissed_at")
}
_RECEIPTS = {
    "opened": {name: _FIRST[name] for name in ("opened_at", "read_at")},
    "dismissed": {"dismissed_at": _FIRST["dismissed_at"]},
}


class ReceiptKind(StrEnum):
    """What a member did with a push."""

    OPENED = "opened"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """An app's word of what became of the push of a message, and when."""

    message_id: str
    kind: ReceiptKind
    at: datetime


def page_inbox(
    tx: Connection, member_id: str, parameters: Mapping[str, Any], now: datetime
) -> Sequence[Any]:
    """Return the rows of a page of the inbox, newest first; see `core.pagination`."""
    return tx.execute(_PAGE, {"of_member": member_id, "now": now, **parameters}).all()


def count_unread(tx: Connection, member_id: str, now: datetime) -> int:
    """Return how many messages are not read and still true."""
    return int(_UNREAD.first(tx, {"of_member": member_id, "now": now}).count)


def mark_read(
    tx: Connection, member_id: str, message_id: str, *, is_read: bool, now: datetime
) -> Any:
    """Mark one message as read or not and return its row. Raises NotFound."""
    keys = {"of_member": member_id, "of_id": message_id, "now": now}
    row = tx.execute(_READ, keys | {"at": now if is_read else None}).first()
    if row is None:
        raise NotFound("There is no such message.")
    return row


def mark_read_until(tx: Connection, member_id: str, until: datetime, now: datetime) -> int:
    """Mark everything that was shown until an instant as read; return how many that were."""
    keys = {"of_member": member_id, "until": min(until, now)}
    return tx.execute(_READ_ALL.values(read_at=now), keys).rowcount


def note_receipts(
    tx: Connection, member_id: str, receipts: Sequence[Receipt], now: datetime
) -> int:
    """Note what became of pushes, the first word of each kind; return how many were the member's.

    Whoever opened a push has read its message. An instant to come is taken for now.
    """
    known = 0
    for receipt in receipts:
        change = update(MESSAGE).where(_MINE, _M.id == bindparam("of_id"))
        values = {"of_member": member_id, "of_id": receipt.message_id, "at": min(receipt.at, now)}
        known += tx.execute(change.values(_RECEIPTS[receipt.kind]), values).rowcount
    return known
