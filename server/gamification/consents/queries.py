"""Reading which answers count."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from server.core.columns import among
from server.gamification.consents.models import CONSENT
from server.gamification.consents.types import Answer, Consent, Purpose
from server.gamification.members.types import Source

_C = CONSENT.c
_NEWEST = (
    select(_C.member_id, _C.purpose, func.max(_C.number).label("number"))
    .where(among(_C.member_id, "members"))
    .group_by(_C.member_id, _C.purpose)
    .subquery()
)
_OF_MEMBERS = select(CONSENT).join(
    _NEWEST,
    and_(
        _NEWEST.c.member_id == _C.member_id,
        _NEWEST.c.purpose == _C.purpose,
        _NEWEST.c.number == _C.number,
    ),
)
_HISTORY = (
    select(CONSENT).where(_C.member_id == bindparam("of_member")).order_by(_C.purpose, _C.number)
)


def consents_of(tx: Connection, member_id: str) -> dict[Purpose, Consent]:
    """Return the newest answer of a member to each purpose that was ever answered."""
    rows = tx.execute(_OF_MEMBERS, {"members": [member_id]})
    return {Purpose(row.purpose): _consent_of(row) for row in rows}


def granted_by(tx: Connection, member_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return to what each of these members has agreed; those who have to nothing are absent."""
    found: dict[str, set[str]] = {}
    for row in tx.execute(_OF_MEMBERS, {"members": list(member_ids)}):
        if row.is_granted:
            found.setdefault(row.member_id, set()).add(row.purpose)
    return {member_id: frozenset(purposes) for member_id, purposes in found.items()}


def list_answers(tx: Connection, member_id: str) -> list[Consent]:
    """Return every answer that a member ever gave, by purpose, the oldest first."""
    return [_consent_of(row) for row in tx.execute(_HISTORY, {"of_member": member_id})]


def _consent_of(row: Any) -> Consent:
    answer = Answer(Purpose(row.purpose), row.is_granted, row.version, Source(row.source))
    return Consent(answer, row.number, row.recorded_at)
