"""The one-time token with which the owner of a new installation makes the first staff account."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import UTCDateTime, code
from server.core.crypto import hash_secret
from server.core.db import Base, table_of

DAYS = 14


class OwnerSetupRow(Base):
    """A set-up token, hashed; it works once and until its end."""

    __tablename__ = "owner_setup"

    token_hash: Mapped[str] = mapped_column(code(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


OWNER_SETUP = table_of(OwnerSetupRow)
_FORGET_UNUSED = delete(OWNER_SETUP).where(OWNER_SETUP.c.used_at.is_(None))
_OFFER = insert(OWNER_SETUP)


def offer_owner_setup(tx: Connection, now: datetime) -> str:
    """Make a set-up token and return it; it is shown only now, and earlier ones stop working."""
    token = f"os_{secrets.token_urlsafe(24)}"
    tx.execute(_FORGET_UNUSED)
    row = {"token_hash": hash_secret(token), "created_at": now, "used_at": None}
    tx.execute(_OFFER, row | {"expires_at": now + timedelta(days=DAYS)})
    return token
