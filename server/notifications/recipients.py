"""Members as messages see them: locked, so that what is decided about one is decided once.

The lock is one that purchases do not wait for: only changes of the member's own row do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select

from server.core.columns import UTCDateTime, among
from server.core.i18n import LOCALES, SOURCE
from server.core.statements import Prepared
from server.gamification.consents.queries import granted_by
from server.gamification.members.models import MEMBER
from server.gamification.members.types import Status
from server.gamification.programme.types import Programme
from server.notifications.models import DELIVERY, MESSAGE, MESSAGE_PREFERENCE
from server.notifications.rules import CAP_WEEK
from server.notifications.types import Preferences, Quiet, Recipient

_M, _P, _D = MEMBER.c, MESSAGE_PREFERENCE.c, DELIVERY.c
_MEMBERS = (
    select(_M.id, _M.status, _M.locale, _M.zone).where(among(_M.id, "members")).order_by(_M.id)
)
_LOCKED = _MEMBERS.with_for_update(key_share=True)
_LOCKED_IF_FREE = _MEMBERS.with_for_update(key_share=True, skip_locked=True)
_PREFERENCES = Prepared(select(MESSAGE_PREFERENCE).where(among(_P.member_id, "members")))
_CLEARED = Prepared(
    select(_D.member_id, _D.message_id, _D.cleared_at, MESSAGE.c.category)
    .join(MESSAGE, MESSAGE.c.id == _D.message_id)
    .where(
        among(_D.member_id, "members"),
        _D.cleared_at > bindparam("since", type_=UTCDateTime),
    )
)
Sent = dict[str, dict[str, tuple[str, datetime]]]
"""By member and message: its category, and when it was first let go."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member who may be told something, and in which language."""

    id: str
    locale: str
    is_active: bool
    recipient: Recipient


def lock_people(
    tx: Connection, member_ids: Iterable[str], programme: Programme, *, skip_locked: bool = False
) -> dict[str, Person]:
    """Lock members and return them by id; with `skip_locked` only those whom nobody has."""
    statement = _LOCKED_IF_FREE if skip_locked else _LOCKED
    rows = tx.execute(statement, {"members": sorted(set(member_ids))}).all()
    ids = [row.id for row in rows]
    if not ids:
        return {}
    chosen, consents = preferences_of(tx, ids), granted_by(tx, ids)
    return {row.id: _person(row, chosen, consents, programme) for row in rows}


def _person(
    row: Any,
    chosen: Mapping[str, Preferences],
    consents: Mapping[str, frozenset[str]],
    programme: Programme,
) -> Person:
    zone = ZoneInfo(row.zone) if row.zone else programme.zone
    recipient = Recipient(
        chosen.get(row.id, Preferences()), consents.get(row.id, frozenset()), zone
    )
    locale = locale_of(row.locale, programme)
    return Person(row.id, locale, row.status == Status.ACTIVE, recipient)


def locale_of(chosen: str | None, programme: Programme) -> str:
    """Return the language to write in: the member's, the programme's, or English."""
    return next((one for one in (chosen, programme.default_locale) if one in LOCALES), SOURCE)


def preferences_of(tx: Connection, member_ids: Sequence[str]) -> dict[str, Preferences]:
    """Return what these members have chosen; those who have nothing are absent."""
    rows = _PREFERENCES.all(tx, {"members": list(member_ids)})
    return {row.member_id: _preferences(row) for row in rows}


def _preferences(row: Any) -> Preferences:
    has_own = row.quiet_from_minute is not None
    quiet = Quiet(row.quiet_from_minute, row.quiet_to_minute) if has_own else None
    return Preferences(row.choices, quiet)


def sent_lately(tx: Connection, member_ids: Sequence[str], now: datetime) -> Sent:
    """Return what was let go to these members in the last seven days."""
    found: Sent = {member_id: {} for member_id in member_ids}
    keys = {"members": list(member_ids), "since": now - CAP_WEEK}
    for row in _CLEARED.all(tx, keys):
        known = found[row.member_id].get(row.message_id)
        first_at = min(known[1], row.cleared_at) if known else row.cleared_at
        found[row.member_id][row.message_id] = (row.category, first_at)
    return found
