"""Queueing mails and moving them on: claim, then sent, kept, retried or given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from server.core.crypto import Vault
from server.core.ids import new_id
from server.notifications.mail.models import MAIL

ATTEMPTS_MAX = 6
LEASE_SECONDS = 120
BACK_OFF_SECONDS = 30
KEPT_DAYS = 30
_M = MAIL.c
_QUEUE = insert(MAIL)
_DUE = (
    select(_M.id)
    .where(_M.state == "queued", _M.due_at <= bindparam("at"))
    .order_by(_M.due_at, _M.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(MAIL)
    .where(_M.id.in_(_DUE))
    .values(due_at=bindparam("until"), attempts=_M.attempts + 1)
    .returning(_M.id, _M.to_sealed, _M.subject, _M.body_sealed, _M.attempts)
)
_MOVE = (
    update(MAIL)
    .where(
        _M.id == bindparam("of_id"),
        _M.attempts == bindparam("attempt"),
        _M.state == "queued",
    )
    .values(
        state=bindparam("to_state"),
        due_at=bindparam("due"),
        sent_at=bindparam("sent"),
        last_error=bindparam("error"),
    )
)
_LATEST = select(MAIL).order_by(_M.created_at.desc(), _M.id.desc()).limit(bindparam("most"))
_FORGET = delete(MAIL).where(_M.created_at < bindparam("before"))


@dataclass(frozen=True, slots=True)
class Message:
    """A mail in plain text."""

    to: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A stored mail in the clear, with where it stands."""

    id: str
    message: Message
    state: str
    attempt: int
    created_at: datetime | None = None
    last_error: str | None = None


def queue_mail(tx: Connection, vault: Vault, message: Message, now: datetime) -> str:
    """Queue a mail in the transaction that causes it; return its id."""
    mail_id = new_id("mai", now)
    row = {
        "id": mail_id,
        "to_sealed": vault.seal(message.to, _context(mail_id)),
        "subject": message.subject,
        "body_sealed": vault.seal(message.body, _context(mail_id)),
        "state": "queued",
        "attempts": 0,
        "created_at": now,
        "due_at": now,
    }
    tx.execute(_QUEUE, row)
    return mail_id


def claim_mails(tx: Connection, vault: Vault, now: datetime, limit: int = 20) -> list[Mail]:
    """Take up to `limit` due mails for two minutes; a crashed sender's come back by themselves."""
    until = now + timedelta(seconds=LEASE_SECONDS)
    rows = tx.execute(_CLAIM, {"at": now, "until": until, "most": limit}).all()
    return [
        Mail(row.id, _message(vault, row), "queued", row.attempts)
        for row in sorted(rows, key=lambda row: str(row.id))
    ]


def mark_sent(tx: Connection, mail: Mail, now: datetime) -> None:
    """Note that the mail server has taken a claimed mail."""
    _move(tx, mail, "sent", sent=now, due=now)


def mark_kept(tx: Connection, mail: Mail, now: datetime) -> None:
    """Keep a claimed mail here, because there is no mail server to give it to."""
    _move(tx, mail, "kept", due=now)


def mark_failed(
    tx: Connection, mail: Mail, error: str, now: datetime, *, permanent: bool = False
) -> None:
    """Retry a claimed mail later (30 s, doubled each time), or give it up."""
    over = permanent or mail.attempt >= ATTEMPTS_MAX
    due = now + timedelta(seconds=BACK_OFF_SECONDS * 2 ** (mail.attempt - 1))
    _move(tx, mail, "failed" if over else "queued", due=due, error=error[:200])


def _move(
    tx: Connection,
    mail: Mail,
    state: str,
    *,
    due: datetime,
    sent: datetime | None = None,
    error: str | None = None,
) -> None:
    """Move a mail that is still claimed by this attempt; a newer attempt is left alone."""
    values = {"of_id": mail.id, "attempt": mail.attempt, "to_state": state}
    tx.execute(_MOVE, values | {"due": due, "sent": sent, "error": error})


def latest_mails(tx: Connection, vault: Vault, limit: int = 20) -> list[Mail]:
    """Return the newest mails, newest first, in the clear."""
    rows = tx.execute(_LATEST, {"most": limit}).all()
    return [_mail(vault, row) for row in rows]


def forget_mails(tx: Connection, now: datetime) -> int:
    """Delete mails older than a month; return how many."""
    return tx.execute(_FORGET, {"before": now - timedelta(days=KEPT_DAYS)}).rowcount


def _mail(vault: Vault, row: Any) -> Mail:
    return Mail(
        id=row.id,
        message=_message(vault, row),
        state=row.state,
        attempt=row.attempts,
        created_at=row.created_at,
        last_error=row.last_error,
    )


def _message(vault: Vault, row: Any) -> Message:
    to, body = (vault.open(text, _context(row.id)) for text in (row.to_sealed, row.body_sealed))
    return Message(to, row.subject, body)


def _context(mail_id: str) -> str:
    return f"mail:{mail_id}"
