"""What the history shows: a member's entries of all sources by the page, and what belongs to one.

A source is a table whose rows members read as something that happened to them. One more is a
statement in `SOURCES`, and a way to present it where the history is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    not_,
    or_,
    select,
)

from server.core.columns import among
from server.core.pagination import newest_first
from server.core.statements import Prepared, at_once
from server.gamification.activities.models import ACTIVITY, ACTIVITY_RETURN
from server.gamification.definitions.models import DEFINITION, DEFINITION_VERSION
from server.gamification.game_plays.models import GAME_PLAY
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.ledger.models import LOT
from server.gamification.members.models import MEMBER
from server.gamification.raffles.models import RAFFLE
from server.gamification.streaks.models import STREAK_FREEZE
from server.gamification.tickets.models import RAFFLE_ENTRY
from server.gamification.transfers.models import MEMBER_TRANSFER
from server.gamification.vouchers.models import VOUCHER, VOUCHER_USE

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


def _source(mine: Select[Any], table: Table, at: str) -> Source:
    """Return the source of the rows of `table` that `mine` selects for the member `member_id`."""
    page = Prepared(newest_first(mine, table.c[at], table.c.id))
    return Source(at, page, Prepared(mine.where(table.c.id == bindparam("entry_id"))))


_ME: BindParameter[str] = bindparam("member_id")
_USES = (
    select(VOUCHER_USE, VOUCHER.c.ref_kind, DEFINITION_VERSION.c.settings)
    .join(VOUCHER, VOUCHER.c.id == VOUCHER_USE.c.voucher_id)
    .join(
        DEFINITION_VERSION,
        and_(
            DEFINITION_VERSION.c.definition_id == VOUCHER.c.reward_id,
            DEFINITION_VERSION.c.version == VOUCHER.c.reward_version,
        ),
    )
    .where(VOUCHER.c.member_id == _ME, VOUCHER_USE.c.undone_at.is_(None))
)
_SENDER, _RECIPIENT = MEMBER.alias("sender"), MEMBER.alias("recipient")
_TRANSFERS = (
    select(
        MEMBER_TRANSFER,
        (MEMBER_TRANSFER.c.sender_id == _ME).label("is_sent"),
        _SENDER.c.first_name.label("sender_name"),
        _RECIPIENT.c.first_name.label("recipient_name"),
    )
    .join(_SENDER, _SENDER.c.id == MEMBER_TRANSFER.c.sender_id)
    .join(_RECIPIENT, _RECIPIENT.c.id == MEMBER_TRANSFER.c.recipient_id)
    .where(or_(MEMBER_TRANSFER.c.sender_id == _ME, MEMBER_TRANSFER.c.recipient_id == _ME))
)
_PLAYS = (
    select(GAME_PLAY, DEFINITION_VERSION.c.settings)
    .join(
        DEFINITION_VERSION,
        and_(
            DEFINITION_VERSION.c.definition_id == GAME_PLAY.c.game_id,
            DEFINITION_VERSION.c.version == GAME_PLAY.c.version,
        ),
    )
    .where(GAME_PLAY.c.member_id == _ME, GAME_PLAY.c.source == "points")
)
_ENTRIES = (
    select(RAFFLE_ENTRY, DEFINITION_VERSION.c.settings)
    .join(RAFFLE, RAFFLE.c.id == RAFFLE_ENTRY.c.raffle_id)
    .join(
        DEFINITION_VERSION,
        and_(
            DEFINITION_VERSION.c.definition_id == RAFFLE.c.id,
            DEFINITION_VERSION.c.version == RAFFLE.c.version,
        ),
    )
    .where(RAFFLE_ENTRY.c.member_id == _ME, RAFFLE_ENTRY.c.source == "bought")
)
_USED = exists().where(VOUCHER_USE.c.voucher_id == VOUCHER.c.id, VOUCHER_USE.c.undone_at.is_(None))
# What was paid at once, such as the code of another shop, until its use tells of it.
_PAID = (
    select(VOUCHER, DEFINITION_VERSION.c.settings)
    .join(
        DEFINITION_VERSION,
        and_(
            DEFINITION_VERSION.c.definition_id == VOUCHER.c.reward_id,
            DEFINITION_VERSION.c.version == VOUCHER.c.reward_version,
        ),
    )
    .where(VOUCHER.c.member_id == _ME, VOUCHER.c.is_settled)
    .where(VOUCHER.c.ref_kind == "redemption", not_(_USED))
)
_FREEZES = (
    select(STREAK_FREEZE, DEFINITION_VERSION.c.settings)
    .join(DEFINITION, DEFINITION.c.id == STREAK_FREEZE.c.streak_id)
    .join(
        DEFINITION_VERSION,
        and_(
            DEFINITION_VERSION.c.definition_id == DEFINITION.c.id,
            DEFINITION_VERSION.c.version == DEFINITION.c.version,
        ),
    )
    .where(STREAK_FREEZE.c.member_id == _ME)
)
SOURCES: Mapping[str, Source] = {
    "act": _source(select(ACTIVITY).where(ACTIVITY.c.member_id == _ME), ACTIVITY, "occurred_at"),
    "grt": _source(
        select(BENEFIT_GRANT).where(BENEFIT_GRANT.c.member_id == _ME), BENEFIT_GRANT, "given_at"
    ),
    "vrd": _source(_USES, VOUCHER_USE, "used_at"),
    "mtr": _source(_TRANSFERS, MEMBER_TRANSFER, "created_at"),
    "ply": _source(_PLAYS, GAME_PLAY, "played_at"),
    "ent": _source(_ENTRIES, RAFFLE_ENTRY, "created_at"),
    "vch": _source(_PAID, VOUCHER, "created_at"),
    "frz": _source(_FREEZES, STREAK_FREEZE, "bought_at"),
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
