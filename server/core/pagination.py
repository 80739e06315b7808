"""Keyset pagination by (created_at, id), newest first, with opaque signed cursors."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, bindparam, or_

from server.core.crypto import Vault
from server.core.errors import Refusal

T = TypeVar("T")
_SIGNATURE_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


class CursorInvalid(Refusal):
    """The cursor was changed, belongs to another list or is too old: start again without it."""

    code, status, title, stored = "cursor_invalid", 400, "The cursor is not valid", False


@dataclass(frozen=True, slots=True)
class Position:
    """The last row that was shown; the next page begins below it."""

    created_at: datetime
    id: str


def newest_first(
    statement: Select[Any], created_at: ColumnElement[datetime], row_id: ColumnElement[str]
) -> Select[Any]:
    """Return `statement` cut to one page below a position; build it once, at import.

    Execute it with `page_parameters(...)` and hand the rows to `page_of(...)`.
    """
    below = or_(
        created_at < bindparam("before_at"),
        (created_at == bindparam("before_at")) & (row_id < bindparam("before_id")),
    )
    ordered = statement.where(below).order_by(created_at.desc(), row_id.desc())
    return ordered.limit(bindparam("page_rows"))


def page_parameters(vault: Vault, scope: str, cursor: str | None, limit: int) -> dict[str, Any]:
    """Return the bind parameters of a page of `limit` rows after `cursor`.

    `scope` names the list and its owner (`activity:mem_...`): a cursor works nowhere else.
    Raises CursorInvalid.
    """
    position = read_cursor(vault, scope, cursor) if cursor else Position(LATEST, "")
    return {
        "before_at": position.created_at,
        "before_id": position.id,
        "page_rows": limit + 1,
    }


def page_of(
    rows: Sequence[T],
    limit: int,
    present: Callable[[T], Any],
    cursor_of: Callable[[T], str],
) -> dict[str, Any]:
    """Return `{items, next_cursor}` from the up to `limit` + 1 rows of a page."""
    shown = rows[:limit]
    next_cursor = cursor_of(shown[-1]) if len(rows) > limit else None
    return {"items": [present(row) for row in shown], "next_cursor": next_cursor}


def write_cursor(vault: Vault, scope: str, position: Position) -> str:
    """Return the opaque text for `position` in the list `scope`."""
    micros = (position.created_at - _EPOCH) // timedelta(microseconds=1)
    content = f"{micros}.{position.id}".encode()
    signature = vault.sign("cursor", scope.encode() + b"\x00" + content)[:_SIGNATURE_BYTES]
    return urlsafe_b64encode(signature + content).rstrip(b"=").decode()


def read_cursor(vault: Vault, scope: str, cursor: str) -> Position:
    """Return the position that `write_cursor` wrote for `scope`. Raises CursorInvalid."""
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        signature, content = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not vault.verify("cursor", scope.encode() + b"\x00" + content, signature):
            raise CursorInvalid("The cursor is not one of this list; start again without it.")
        micros, _, row_id = content.decode().partition(".")
        return Position(_EPOCH + timedelta(microseconds=int(micros)), row_id)
    except ValueError:
        raise CursorInvalid("The cursor cannot be read; start again without it.") from None
