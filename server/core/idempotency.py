"""One effect per idempotency key, remembered in the transaction of the effect itself.

A record holds the fingerprint of the request and the whole answer. The mechanism is: look the
record up; run the work; insert the record with the answer, all in one transaction. Of two
requests with the same key that run at once, the second waits at the insert (PostgreSQL) or at
the begin (SQLite) and then replays what the first one answered.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, SmallInteger, Text, bindparam, delete, insert, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import UTCDateTime, code
from server.core.crypto import Vault
from server.core.db import Base, table_of, transaction
from server.core.errors import Refusal, ValidationFailed
from server.core.metrics import REPLAYS
from server.core.statements import Prepared

KEY_LENGTH_MAX = 64
NOT_STORED = frozenset({401, 403, 429})


class IdempotencyKeyReused(Refusal):
    """The key was used before for a request with another content."""

    code, status, title = "idempotency_key_reused", 422, "Idempotency key used for another request"
    stored = False


class IdempotencyKeyInvalid(Refusal):
    """The key is empty, too long, sent twice, or has a comma or no visible ASCII character."""

    code, status, title = "idempotency_key_invalid", 400, "Invalid idempotency key"
    stored = False


class IdempotencyKeyRequired(Refusal):
    """This operation moves something of value and cannot be sent without a key."""

    code, status, title = "idempotency_key_required", 400, "Idempotency key required"
    stored = False


class TwinFinished(Exception):  # noqa: N818 - reads as what happened
    """A request with the same key finished while this one ran; everything here rolls back."""


class IdempotencyRecord(Base):
    """What was answered for a key; answers about people are sealed."""

    __tablename__ = "idempotency_record"

    principal: Mapped[str] = mapped_column(code(80), primary_key=True)
    operation: Mapped[str] = mapped_column(code(64), primary_key=True)
    key: Mapped[str] = mapped_column(code(KEY_LENGTH_MAX), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(code(64))
    status: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


RECORD = table_of(IdempotencyRecord)
_FIND = Prepared(
    select(RECORD.c.fingerprint, RECORD.c.status, RECORD.c.body).where(
        RECORD.c.principal == bindparam("principal"),
        RECORD.c.operation == bindparam("operation"),
        RECORD.c.key == bindparam("key"),
    )
)
_SAVE = Prepared(insert(RECORD))
_KEY = (RECORD.c.principal, RECORD.c.operation, RECORD.c.key)
_OVER = select(*_KEY).where(RECORD.c.expires_at <= bindparam("now")).limit(bindparam("most"))
_SWEEP = delete(RECORD).where(tuple_(*_KEY).in_(_OVER))


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the exact bytes of a body; `replayed` when they were stored before."""

    status: int
    body: bytes
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """One request under an idempotency key; with a `vault` its answer is stored sealed."""

    principal: str
    operation: str
    key: str
    fingerprint: str
    now: datetime
    expires_at: datetime
    vault: Vault | None = None

    @property
    def context(self) -> str:
        """What a sealed answer is bound to."""
        return f"idempotency:{self.principal}:{self.operation}:{self.key}"

    def stored(self, body: str) -> str:
        """Return an answer as it is stored."""
        return self.vault.seal(body, self.context) if self.vault else body

    def answered(self, stored: str) -> str:
        """Return a stored answer; one from before it was sealed is as it was."""
        is_sealed = self.vault is not None and not stored.startswith("{")
        return self.vault.open(stored, self.context) if self.vault and is_sealed else stored


def keyed_request(
    who: tuple[str, str], key: str, content: Any, now: datetime, keep: timedelta
) -> KeyedRequest:
    """Return the request of `who` (principal, operation) with the fingerprint of `content`."""
    canonical = orjson.dumps([*who, content], option=orjson.OPT_SORT_KEYS)
    fingerprint = hashlib.sha256(canonical).hexdigest()
    return KeyedRequest(who[0], who[1], key, fingerprint, now, now + keep)


def checked_key(header: str) -> str:
    """Return the key of an Idempotency-Key header, quotes stripped.

    Raises IdempotencyKeyInvalid unless it is 1 to 64 visible ASCII characters without a comma:
    a second header of the name is joined to the first with one.
    """
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if "," in key:
        raise IdempotencyKeyInvalid("Send one Idempotency-Key; it has no comma.")
    if not 1 <= len(key) <= KEY_LENGTH_MAX or not all("!" <= char <= "~" for char in key):
        raise IdempotencyKeyInvalid("A key has 1 to 64 visible ASCII characters.")
    return key


def answer_once(
    connection: Connection,
    request: KeyedRequest,
    work: Callable[[Connection], Answer],
    refused: Callable[[Refusal], Answer],
) -> Answer:
    """Run `work` in one write transaction unless its key was answered before; then replay.

    `refused` turns a business refusal into the answer that is remembered for the key. Raises
    IdempotencyKeyReused, refusals that are not remembered, and errors of the database.
    """
    try:
        with transaction(connection) as tx:
            stored = _replay(tx, request)
            if stored is not None:
                return stored
            answer = work(tx)
            _save(tx, request, answer)
            return answer
    except TwinFinished:
        return _replay_after_twin(connection, request)
    except Refusal as refusal:
        if not is_remembered(refusal):
            raise
        return _remember_refusal(connection, request, refused(refusal))


def is_remembered(refusal: Refusal) -> bool:
    """Tell whether a key never changes its outcome after this refusal."""
    if isinstance(refusal, ValidationFailed) or not refusal.stored:
        return False
    return refusal.status < 500 and refusal.status not in NOT_STORED


def sweep_idempotency(tx: Connection, *, now: datetime, limit: int = 5000) -> int:
    """Delete up to `limit` records whose time is over and return how many there were."""
    return tx.execute(_SWEEP, {"now": now, "most": limit}).rowcount


def _replay(tx: Connection, request: KeyedRequest) -> Answer | None:
    of = {"principal": request.principal, "operation": request.operation, "key": request.key}
    row = _FIND.first(tx, of)
    if row is None:
        return None
    if row.fingerprint != request.fingerprint:
        raise IdempotencyKeyReused("The key was used before with another body or path.")
    REPLAYS.inc()
    return Answer(row.status, request.answered(row.body).encode(), replayed=True)


def _save(tx: Connection, request: KeyedRequest, answer: Answer) -> None:
    values = {
        "principal": request.principal,
        "operation": request.operation,
        "key": request.key,
        "fingerprint": request.fingerprint,
        "status": answer.status,
        "body": request.stored(answer.body.decode()),
        "created_at": request.now,
        "expires_at": request.expires_at,
    }
    try:
        _SAVE.run(tx, [values])
    except IntegrityError as error:
        raise TwinFinished from error


def _replay_after_twin(connection: Connection, request: KeyedRequest) -> Answer:
    with transaction(connection) as tx:
        stored = _replay(tx, request)
    if stored is None:
        raise TwinFinished("the record vanished between two statements")
    return stored


def _remember_refusal(connection: Connection, request: KeyedRequest, answer: Answer) -> Answer:
    try:
        with transaction(connection) as tx:
            _save(tx, request, answer)
            return answer
    except TwinFinished:
        return _replay_after_twin(connection, request)
