"""What the history shows: a member's entries of all sources by the page, and what belongs to one.

A source is a table whose rows members read as something that happened to them. One more is a
statement in `SOURCES`, and a way to present it where the history is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select

from server.core.columns import among
from server.core.pagination import newest_first
from server.core.statements import Prepared, at_once
from server.gamification.activities.models import ACTIVITY, ACTIVITY_RETURN
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.ledger.models import LOT

_RETURNS = (
    select(ACTIVITY_RETURN)
    .where(ACTIVITY_RETURN.c.activity_id == bindparam("activity_id"))
    .order_by(ACTIVITY_RETURN.c.recorded_at, ACTIVITY_RETURN.c.id)
)
_EXPIRIES = Prepared(
    select(LOT.c.source_transfer_id, LOT.c.expires_at).where(
        among(LOT.c.source_transfer_id, "transfer_ids")
    )
)


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one table as entries: which column says when, a member's page, one of them by id."""

    at: str
    page: Prepared
    one: Prepared


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a member's history: from which source, when, and its row."""

    source: str
    at: datetime
    id: str
    row: Any


def _source(table: Table, at: str) -> Source:
    mine = select(table).where(table.c.member_id == bindparam("member_id"))
    page = Prepared(newest_first(mine, table.c[at], table.c.id))
    return Source(at, page, Prepared(mine.where(table.c.id == bindparam("entry_id"))))


SOURCES: Mapping[str, Source] = {
    "act": _source(ACTIVITY, "occurred_at"),
    "grt": _source(BENEFIT_GRANT, "given_at"),
}
"""By the kind prefix of the ids of their rows."""


def page_entries(tx: Connection, member_id: str, parameters: Mapping[str, Any]) -> list[Entry]:
    """Return a page of a member's history, newest first (see `core.pagination`).

    Each source gives a page of its own; the newest of them all are the page.
    """
    asked = {**parameters, "member_id": member_id}
    with at_once(tx):
        sent = {name: source.page.send(tx, asked) for name, source in SOURCES.items()}
    found = [_entry(name, row) for name, rows in sent.items() for row in rows.all()]
    found.sort(key=lambda entry: (entry.at, entry.id), reverse=True)
    return found[: parameters["page_rows"]]


def find_entry(tx: Connection, member_id: str, entry_id: str) -> Entry | None:
    """Return one entry of a member's history, or None."""
    name = entry_id.partition("_")[0]
    if name not in SOURCES:
        return None
    row = SOURCES[name].one.first(tx, {"member_id": member_id, "entry_id": entry_id})
    return _entry(name, row) if row else None


def list_returns(tx: Connection, activity_id: str) -> list[Any]:
    """Return the returns of a purchase, oldest first."""
    return list(tx.execute(_RETURNS, {"activity_id": activity_id}))


def expiries_of(tx: Connection, transfer_ids: Sequence[str]) -> dict[str, datetime | None]:
    """Return when the points of accruals expire, by transfer; not of what paid a debt."""
    rows = _EXPIRIES.all(tx, {"transfer_ids": list(transfer_ids)})
    return {row.source_transfer_id: row.expires_at for row in rows}


def _entry(name: str, row: Any) -> Entry:
    return Entry(name, getattr(row, SOURCES[name].at), row.id, row)
