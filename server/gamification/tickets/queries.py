"""Reading entries, tickets and entrants."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from server.core.columns import among
from server.core.pagination import newest_first
from server.core.statements import Prepared
from server.gamification.badges.subjects import load_subjects
from server.gamification.members.models import MEMBER, MEMBER_IDENTIFIER
from server.gamification.programme.queries import current_revision
from server.gamification.tickets.models import RAFFLE_ENTRANT, RAFFLE_ENTRY, RAFFLE_TICKET
from server.gamification.tickets.types import Entrant, Entry, EntryState, Source

_E, _T, _H, _M = RAFFLE_ENTRY.c, RAFFLE_TICKET.c, RAFFLE_ENTRANT.c, MEMBER.c
_COUNTED = _E.state == str(EntryState.COUNTED)
_ENTRY = Prepared(select(RAFFLE_ENTRY).where(_E.id == bindparam("entry_id")))
_HELD = Prepared(
    select(_H.tickets).where(
        _H.raffle_id == bindparam("raffle_id"), _H.member_id == bindparam("member_id")
    )
)
_HELD_ALL = Prepared(select(_H.raffle_id, _H.tickets).where(_H.member_id == bindparam("member_id")))
_FREE = Prepared(
    select(_E.id).where(
        _E.raffle_id == bindparam("raffle_id"),
        _E.member_id == bindparam("member_id"),
        _E.period == bindparam("period"),
        _E.source == str(Source.FREE),
        _COUNTED,
    )
)
_FREE_ALL = Prepared(
    select(_E.raffle_id, _E.period).where(
        _E.member_id == bindparam("member_id"),
        among(_E.raffle_id, "raffle_ids"),
        _E.source == str(Source.FREE),
        _COUNTED,
    )
)
_MINE = newest_first(
    select(RAFFLE_ENTRY).where(
        _E.raffle_id == bindparam("raffle_id"), _E.member_id == bindparam("member_id")
    ),
    _E.created_at,
    _E.id,
)
_OF_ENTRIES = Prepared(
    select(_T.entry_id, _T.id).where(among(_T.entry_id, "entry_ids")).order_by(_T.id)
)
_DUE = (
    select(RAFFLE_ENTRY)
    .where(_E.raffle_id == bindparam("raffle_id"), _COUNTED)
    .order_by(_E.id)
    .limit(bindparam("most"))
)
_POOL = (
    select(_T.id, _E.member_id, _E.nonce)
    .join(RAFFLE_ENTRY, _E.id == _T.entry_id)
    .where(_E.raffle_id == bindparam("raffle_id"), _COUNTED)
)
_HOLDERS = (
    select(_H.member_id, _H.tickets)
    .where(_H.raffle_id == bindparam("raffle_id"), _H.tickets > 0)
    .order_by(_H.member_id)
)
_PHONE = select(MEMBER_IDENTIFIER.c.id).where(
    MEMBER_IDENTIFIER.c.member_id == _M.id,
    MEMBER_IDENTIFIER.c.kind == "phone",
    MEMBER_IDENTIFIER.c.verified_at.is_not(None),
)
_MEMBER = Prepared(
    select(_M.status, _M.merged_into_id, _PHONE.exists().label("has_phone")).where(
        _M.id == bindparam("member_id")
    )
)
_SPREAD = (
    select(_H.tickets, func.count().label("entrants"))
    .where(and_(_H.raffle_id == bindparam("raffle_id"), _H.tickets > 0))
    .group_by(_H.tickets)
)


def find_entry(tx: Connection, entry_id: str) -> Entry | None:
    """Return an entry, None without one."""
    row = _ENTRY.first(tx, {"entry_id": entry_id})
    return entry_of(row) if row else None


def count_held(tx: Connection, raffle_id: str, member_id: str) -> int:
    """Return how many tickets of a member count in a raffle."""
    row = _HELD.first(tx, {"raffle_id": raffle_id, "member_id": member_id})
    return row.tickets if row else 0


def list_held(tx: Connection, member_id: str) -> dict[str, int]:
    """Return how many tickets of a member count, by raffle."""
    return {row.raffle_id: row.tickets for row in _HELD_ALL.all(tx, {"member_id": member_id})}


def has_entered_free(tx: Connection, raffle_id: str, member_id: str, period: str) -> bool:
    """Tell whether a member has entered for nothing in a period."""
    of = {"raffle_id": raffle_id, "member_id": member_id, "period": period}
    return _FREE.first(tx, of) is not None


def list_free(tx: Connection, member_id: str, raffle_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Return the raffles and periods for which a member has entered for nothing."""
    rows = _FREE_ALL.all(tx, {"member_id": member_id, "raffle_ids": list(raffle_ids)})
    return {(row.raffle_id, row.period) for row in rows}


def page_entries(
    tx: Connection, raffle_id: str, member_id: str, parameters: dict[str, Any]
) -> list[Entry]:
    """Return a page of a member's entries in a raffle, newest first (see `core.pagination`)."""
    of = {"raffle_id": raffle_id, "member_id": member_id}
    return [entry_of(row) for row in tx.execute(_MINE, parameters | of)]


def list_ticket_ids(tx: Connection, entry_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the numbers of the tickets of entries, by entry."""
    found: dict[str, list[str]] = {entry_id: [] for entry_id in entry_ids}
    for row in _OF_ENTRIES.all(tx, {"entry_ids": list(entry_ids)}):
        found[row.entry_id].append(row.id)
    return found


def list_counted(tx: Connection, raffle_id: str, limit: int) -> list[Entry]:
    """Return up to `limit` entries of a raffle that count, the oldest first."""
    rows = tx.execute(_DUE, {"raffle_id": raffle_id, "most": limit})
    return [entry_of(row) for row in rows]


def list_pool(tx: Connection, raffle_id: str) -> list[tuple[str, str, str]]:
    """Return every ticket that counts: its number, its member and its nonce, in no order."""
    return [tuple(row) for row in tx.execute(_POOL, {"raffle_id": raffle_id})]


def list_holders(tx: Connection, raffle_id: str) -> list[tuple[str, int]]:
    """Return the entrants of a raffle with how many tickets of each count."""
    return [(row.member_id, row.tickets) for row in tx.execute(_HOLDERS, {"raffle_id": raffle_id})]


def spread_of(tx: Connection, raffle_id: str) -> dict[int, int]:
    """Return how many entrants hold how many tickets: `{tickets: entrants}`."""
    rows = tx.execute(_SPREAD, {"raffle_id": raffle_id})
    return {row.tickets: int(row.entrants) for row in rows}


def get_entrant(tx: Connection, member_id: str, now: datetime) -> Entrant:
    """Return a member as the rules of entering see one; the wallet of points is locked."""
    row = _MEMBER.first(tx, {"member_id": member_id})
    subject = load_subjects(tx, [member_id], current_revision(tx), now)[member_id]
    return Entrant(subject, row.status, row.merged_into_id, bool(row.has_phone))


def entry_of(row: Any) -> Entry:
    """Build an entry from its row."""
    words = {"source": Source(row.source), "state": EntryState(row.state)}
    return Entry(**{**row._asdict(), **words})
