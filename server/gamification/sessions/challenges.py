"""One-time codes by e-mail: start a challenge, count the guesses, accept the right one once."""

import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, case, func, insert, select, update

from server.core.crypto import Vault
from server.core.ids import new_id
from server.gamification.members.rules import hint, index_text
from server.gamification.members.types import Identifier, IdentifierKind
from server.gamification.sessions.errors import OtpExpired, OtpInvalid
from server.gamification.sessions.models import OTP_CHALLENGE
from server.gamification.sessions.rules import (
    OTP_ATTEMPTS_MAX,
    OTP_MINUTES,
    may_send_code,
    why_not_guess,
)
from server.gamification.sessions.types import Challenge

_C = OTP_CHALLENGE.c
_INSERT = insert(OTP_CHALLENGE)
_RECENT = select(
    func.count(), func.count(case((_C.requester_index == bindparam("requester"), 1)))
).where(_C.address_index == bindparam("index"), _C.created_at > bindparam("since"))
# On SQLite every write waits for its turn; on PostgreSQL those for one address do.
_WAIT_FOR_TURN = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("index"), 0)))
_GUESS = (
    update(OTP_CHALLENGE)
    .where(
        _C.id == bindparam("of_id"),
        _C.used_at.is_(None),
        _C.attempts < OTP_ATTEMPTS_MAX,
        _C.expires_at > bindparam("at"),
    )
    .values(attempts=_C.attempts + 1)
    .returning(_C.code_hash, _C.attempts, _C.address_sealed)
)
_USE = update(OTP_CHALLENGE).where(_C.id == bindparam("of_id")).values(used_at=bindparam("at"))
_STATE = select(_C.expires_at, _C.used_at, _C.attempts).where(_C.id == bindparam("id"))


def start_challenge(
    tx: Connection, vault: Vault, address: Identifier, now: datetime, requester: str = ""
) -> Challenge:
    """Make a six-digit code for an address, known or not. The caller queues the message.

    Five within an hour for each address and requester (`requester`: where the request comes from),
    so that a stranger does not use up the owner's, and thirty for each address. Beyond that the
    challenge looks like any other and has no code: nothing is stored and nothing may be sent.
    """
    index = vault.blind_index(address.kind, index_text(address))
    who = vault.blind_index("otp-requester", requester)
    challenge_id = new_id("otp", now)
    expires_at = now + timedelta(minutes=OTP_MINUTES)
    if not _has_room(tx, index, who, now):
        return Challenge(challenge_id, address.value, hint(address), "", expires_at)
    code = f"{secrets.randbelow(10**6):06d}"
    row = {
        "id": challenge_id,
        "requester_index": who,
        "kind": address.kind,
        "address_index": index,
        "address_sealed": vault.seal(address.value, _context(challenge_id)),
        "code_hash": _code_hash(vault, challenge_id, code),
        "attempts": 0,
        "created_at": now,
        "expires_at": expires_at,
    }
    tx.execute(_INSERT, row)
    return Challenge(challenge_id, address.value, hint(address), code, expires_at)


def _has_room(tx: Connection, index: str, requester: str, now: datetime) -> bool:
    """Wait for requests for the same address, then count the codes of the last hour."""
    if tx.dialect.name == "postgresql":
        tx.execute(_WAIT_FOR_TURN, {"index": index})
    recent = {"index": index, "requester": requester, "since": now - timedelta(hours=1)}
    anybody, own = tx.execute(_RECENT, recent).one()
    return may_send_code(own, anybody)


def answer_challenge(
    tx: Connection, vault: Vault, challenge_id: str, code: str, now: datetime
) -> Identifier:
    """Return the verified address when `code` is right; each challenge works once.

    Raises OtpInvalid (the guess is counted), OtpExpired, OtpTooMany.
    """
    row = tx.execute(_GUESS, {"of_id": challenge_id, "at": now}).first()
    if row is None:
        raise _why_not(tx, challenge_id, now)
    if not hmac.compare_digest(_code_hash(vault, challenge_id, code), row.code_hash):
        raise OtpInvalid(attempts_left=OTP_ATTEMPTS_MAX - row.attempts)
    tx.execute(_USE, {"of_id": challenge_id, "at": now})
    address = vault.open(row.address_sealed, _context(challenge_id))
    return Identifier(IdentifierKind.EMAIL, address, verified_at=now)


def _why_not(tx: Connection, challenge_id: str, now: datetime) -> Exception:
    row = tx.execute(_STATE, {"id": challenge_id}).first()
    refusal = row and why_not_guess(row.expires_at, row.used_at, row.attempts, now)
    return refusal or OtpExpired()


def _code_hash(vault: Vault, challenge_id: str, code: str) -> str:
    return vault.sign("otp", f"{challenge_id}:{code}".encode()).hex()


def _context(challenge_id: str) -> str:
    return f"otp_challenge:{challenge_id}"
