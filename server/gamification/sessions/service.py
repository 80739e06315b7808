"""Opening, refreshing and ending the sessions of members."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from server.core.crypto import hash_secret
from server.core.errors import NotFound
from server.core.ids import new_id
from server.gamification.members.models import MEMBER
from server.gamification.members.rules import why_not_served
from server.gamification.members.types import Member
from server.gamification.sessions.errors import RefreshReused, SessionEnded
from server.gamification.sessions.models import MEMBER_SESSION, REFRESH_TOKEN
from server.gamification.sessions.rules import (
    GRACE_SECONDS,
    REFRESH_DAYS,
    decide_refresh,
    short_user_agent,
)
from server.gamification.sessions.tokens import Issuer, issue_access_token
from server.gamification.sessions.types import (
    Installation,
    RefreshDecision,
    RefreshFacts,
    RevokeReason,
    Tokens,
)

_Fresh = tuple[str, datetime]
_Successor = tuple[str, datetime, bool]
_S, _R = MEMBER_SESSION.c, REFRESH_TOKEN.c
_OPEN_SESSION = insert(MEMBER_SESSION)
_REVOKE = (
    update(MEMBER_SESSION)
    .where(_S.id == bindparam("of_id"), _S.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"), revoke_reason=bindparam("reason"))
)
_REVOKE_OWN = _REVOKE.where(_S.member_id == bindparam("of_member")).returning(_S.id)
_REPLACE = (
    update(MEMBER_SESSION)
    .where(
        _S.member_id == bindparam("of_member"),
        _S.installation_id == bindparam("of_installation"),
        _S.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("at"), revoke_reason=RevokeReason.REPLACED.value)
)
_SEEN = (
    update(MEMBER_SESSION)
    .where(_S.id == bindparam("of_id"))
    .values(last_seen_at=bindparam("at"), user_agent=bindparam("agent"))
)
_ADD_TOKEN = insert(REFRESH_TOKEN)
_SHOWN = (
    select(
        _R.expires_at,
        _R.used_at,
        _R.successor_sealed,
        _R.session_id,
        _S.installation_id,
        _S.revoked_at,
        _S.member_id,
        MEMBER.c.status,
        MEMBER.c.merged_into_id,
    )
    .join(MEMBER_SESSION, _S.id == _R.session_id)
    .join(MEMBER, MEMBER.c.id == _S.member_id)
    .where(_R.token_hash == bindparam("hash"))
    .with_for_update(of=REFRESH_TOKEN)
)
_SUCCESSOR = select(_R.used_at, _R.expires_at).where(_R.token_hash == bindparam("hash"))
_USE_TOKEN = (
    update(REFRESH_TOKEN)
    .where(_R.token_hash == bindparam("of_hash"))
    .values(used_at=bindparam("at"), successor_sealed=bindparam("sealed"))
)
_FORGET_SUCCESSORS = (
    update(REFRESH_TOKEN)
    .where(_R.session_id == bindparam("of_session"), _R.used_at < bindparam("before"))
    .where(_R.successor_sealed.is_not(None))
    .values(successor_sealed=None)
)


def open_session(
    tx: Connection, issuer: Issuer, member: Member, installation: Installation, now: datetime
) -> Tokens:
    """Sign a member in on an installation; an earlier session of both ends.

    Raises the refusal of a member who is not active.
    """
    refusal = why_not_served(member.status, member.merged_into_id)
    if refusal is not None:
        raise refusal
    tx.execute(_REPLACE, {"of_member": member.id, "of_installation": installation.id, "at": now})
    session_id = new_id("ses", now)
    row = {
        "id": session_id,
        "member_id": member.id,
        "installation_id": installation.id,
        "user_agent": short_user_agent(installation.user_agent),
        "created_at": now,
        "last_seen_at": now,
    }
    tx.execute(_OPEN_SESSION, row)
    return _tokens(issuer, session_id, member.id, _add_token(tx, session_id, now), now)


def refresh_session(
    tx: Connection, issuer: Issuer, token: str, installation: Installation, now: datetime
) -> Tokens:
    """Exchange a refresh token for fresh tokens; the shown one is used up.

    A lost answer may be asked for again for a minute. Any other second use ends the session.
    Raises SessionEnded, RefreshReused, and the refusal of a member who is not active.
    """
    row = tx.execute(_SHOWN, {"hash": hash_secret(token)}).first()
    if row is None:
        raise SessionEnded("The refresh token is unknown.")
    successor = _successor(tx, issuer, token, row)
    decision = decide_refresh(_facts(row, successor), installation.id, now)
    if decision is RefreshDecision.ENDED:
        raise SessionEnded
    if decision is RefreshDecision.REUSED:
        revoke_session(tx, row.session_id, RevokeReason.REFRESH_REUSED, now)
        raise RefreshReused
    refusal = why_not_served(row.status, row.merged_into_id)
    if refusal is not None:
        raise refusal
    if decision is RefreshDecision.REPEAT and successor:
        return _tokens(issuer, row.session_id, row.member_id, successor[:2], now)
    rotated = _rotate(tx, issuer, token, row.session_id, now)
    agent = short_user_agent(installation.user_agent)
    tx.execute(_SEEN, {"of_id": row.session_id, "at": now, "agent": agent})
    return _tokens(issuer, row.session_id, row.member_id, rotated, now)


def _successor(tx: Connection, issuer: Issuer, token: str, row: Any) -> _Successor | None:
    """Return the token that replaced a used one, its end, and whether it was used itself."""
    if row.used_at is None or row.successor_sealed is None:
        return None
    successor = issuer.vault.open(row.successor_sealed, _context(token))
    stored = tx.execute(_SUCCESSOR, {"hash": hash_secret(successor)}).one()
    return successor, stored.expires_at, stored.used_at is not None


def _facts(row: Any, successor: _Successor | None) -> RefreshFacts:
    return RefreshFacts(
        installation_id=row.installation_id,
        expires_at=row.expires_at,
        used_at=row.used_at,
        successor_used=successor is None or successor[2],
        session_revoked=row.revoked_at is not None,
    )


def _rotate(tx: Connection, issuer: Issuer, token: str, session_id: str, now: datetime) -> _Fresh:
    """Use up `token`, keep its successor sealed beside it for a minute, forget older ones."""
    fresh = _add_token(tx, session_id, now)
    sealed = issuer.vault.seal(fresh[0], _context(token))
    before = now - timedelta(seconds=GRACE_SECONDS)
    tx.execute(_FORGET_SUCCESSORS, {"of_session": session_id, "before": before})
    tx.execute(_USE_TOKEN, {"of_hash": hash_secret(token), "at": now, "sealed": sealed})
    return fresh


def _add_token(tx: Connection, session_id: str, now: datetime) -> _Fresh:
    token = f"rt_{secrets.token_urlsafe(32)}"
    expires_at = now + timedelta(days=REFRESH_DAYS)
    row = {"token_hash": hash_secret(token), "session_id": session_id}
    tx.execute(_ADD_TOKEN, row | {"created_at": now, "expires_at": expires_at})
    return token, expires_at


def _tokens(
    issuer: Issuer, session_id: str, member_id: str, refresh: _Fresh, now: datetime
) -> Tokens:
    access, access_expires_at = issue_access_token(issuer, session_id, member_id, now)
    return Tokens(session_id, member_id, access, access_expires_at, *refresh)


def _context(token: str) -> str:
    return f"refresh_token:{hash_secret(token)}"


def end_session(tx: Connection, member_id: str, session_id: str, now: datetime) -> None:
    """Sign a member out of one of the member's own sessions. Raises NotFound."""
    parameters = {"of_id": session_id, "of_member": member_id, "at": now}
    reason = {"reason": RevokeReason.SIGNED_OUT}
    if tx.execute(_REVOKE_OWN, parameters | reason).first() is None:
        raise NotFound("There is no such session.")


def revoke_session(tx: Connection, session_id: str, reason: RevokeReason, now: datetime) -> None:
    """End a session with all its tokens; the next request with any of them is refused."""
    tx.execute(_REVOKE, {"of_id": session_id, "at": now, "reason": reason})
