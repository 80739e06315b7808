"""The mark of the secret: which secret the database belongs to, without telling it.

A database under another secret would take new members whom the old ones do not know, and seal what
nobody opens later. So the first start leaves a mark, and a process with another secret ends.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Connection, SmallInteger, insert, inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from server.config import ConfigurationError
from server.core.columns import UTCDateTime, code
from server.core.crypto import Vault
from server.core.db import Base, table_of

PURPOSE = "secret-mark"


class SecretDiffers(ConfigurationError):  # noqa: N818 - reads as what happened
    """The secret is not the one of the database."""

    def __init__(self) -> None:
        super().__init__(
            "FAIRSTAR_SECRET_KEY is not the secret of this database: give the one it was started"
            " with; after a change of it FAIRSTAR_SECRET_KEY_PREVIOUS is the one before."
        )


class MarkState(StrEnum):
    """What the mark says about the secret of this process."""

    SAME = "same"
    CHANGED = "changed"
    """The database knows the previous secret; the new one is given with it."""
    OTHER = "other"
    MISSING = "missing"
    """No process has left a mark yet."""
    NO_SCHEMA = "no_schema"


class SecretMarkRow(Base):
    """The one mark: an HMAC of a constant under a key of the secret."""

    __tablename__ = "secret_mark"
    __table_args__ = (CheckConstraint("single = 1", name="single"),)

    single: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    fingerprint: Mapped[str] = mapped_column(code(64))
    marked_at: Mapped[datetime] = mapped_column(UTCDateTime)


SECRET_MARK = table_of(SecretMarkRow)
_FOUND = select(SECRET_MARK.c.fingerprint)


def mark_state(tx: Connection, vault: Vault) -> MarkState:
    """Compare the mark in the database with the secrets of this process. Only reads."""
    if not inspect(tx).has_table(SECRET_MARK.name):
        return MarkState.NO_SCHEMA
    found = tx.execute(_FOUND).scalar()
    if found is None:
        return MarkState.MISSING
    current, *previous = _fingerprints(vault)
    if found == current:
        return MarkState.SAME
    return MarkState.CHANGED if found in previous else MarkState.OTHER


def write_mark(tx: Connection, vault: Vault, now: datetime) -> None:
    """Mark the database as one of the current secret; another process may do so as well."""
    row = {"fingerprint": _fingerprints(vault)[0], "marked_at": now}
    if tx.execute(update(SECRET_MARK).values(row)).rowcount:
        return
    try:
        with tx.begin_nested():
            tx.execute(insert(SECRET_MARK), row | {"single": 1})
    except IntegrityError:
        pass  # a twin started at the same moment; whether its secret is ours is read next


def _fingerprints(vault: Vault) -> tuple[str, ...]:
    return vault.blind_indexes(PURPOSE, PURPOSE)
