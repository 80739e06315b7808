"""Forgetting what signing in leaves behind once it can no longer matter."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, bindparam, delete, select

from server.gamification.sessions.models import OTP_CHALLENGE, REFRESH_TOKEN

KEPT_DAYS = 1


def _oldest(key: Column[Any], expires_at: Column[Any]) -> Any:
    """Return a statement that deletes up to `most` rows that ended before `before`."""
    expired = select(key).where(expires_at < bindparam("before")).limit(bindparam("most"))
    return delete(key.table).where(key.in_(expired.scalar_subquery()))


_STATEMENTS = (
    _oldest(OTP_CHALLENGE.c.id, OTP_CHALLENGE.c.expires_at),
    _oldest(REFRESH_TOKEN.c.token_hash, REFRESH_TOKEN.c.expires_at),
)


def forget_expired_sign_ins(tx: Connection, now: datetime, limit: int) -> int:
    """Delete codes and refresh tokens that ended a day ago; return how many.

    A used refresh token stays until its end, because its reuse must be noticed.
    """
    parameters = {"before": now - timedelta(days=KEPT_DAYS), "most": limit}
    return sum(tx.execute(statement, parameters).rowcount for statement in _STATEMENTS)
