"""Reading sessions: one statement per authenticated request, and the list a member sees."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, true

from server.core.statements import Prepared
from server.gamification.members.models import MEMBER
from server.gamification.programme.models import PROGRAMME
from server.gamification.sessions.models import MEMBER_SESSION

_S = MEMBER_SESSION.c
_SIGNED_IN = Prepared(
    select(
        _S.revoked_at,
        MEMBER.c.status,
        MEMBER.c.locale,
        MEMBER.c.zone,
        MEMBER.c.merged_into_id,
        PROGRAMME.c.revision,
    )
    .join(MEMBER, MEMBER.c.id == _S.member_id)
    .outerjoin(PROGRAMME, true())
    .where(_S.id == bindparam("session_id"), _S.member_id == bindparam("member_id"))
)
_OPEN = (
    select(_S.id, _S.installation_id, _S.user_agent, _S.created_at, _S.last_seen_at)
    .where(_S.member_id == bindparam("member_id"), _S.revoked_at.is_(None))
    .order_by(_S.created_at.desc(), _S.id.desc())
    .limit(100)
)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its member sees it."""

    id: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime


def find_signed_in(tx: Connection, session_id: str, member_id: str) -> Any:
    """Return what authentication needs, in one statement, or None for an unknown session.

    Attributes: revoked_at, status, locale, zone, merged_into_id, revision (of the programme).
    """
    parameters = {"session_id": session_id, "member_id": member_id}
    return _SIGNED_IN.first(tx, parameters)


def list_open_sessions(tx: Connection, member_id: str) -> list[OpenSession]:
    """Return the sessions of a member that have not ended, newest first, 100 at most."""
    rows = tx.execute(_OPEN, {"member_id": member_id})
    return [OpenSession(row.id, row.user_agent, row.created_at, row.last_seen_at) for row in rows]
