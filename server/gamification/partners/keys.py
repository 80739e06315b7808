"""Making, rotating and revoking keys. A secret is returned once and stored hashed."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, update

from server.core.crypto import hash_secret
from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.texts import one_line
from server.gamification.partners.models import API_KEY, DEVICE
from server.gamification.partners.queries import get_partner
from server.gamification.partners.rules import (
    ROTATION_GRACE_MINUTES,
    TOUCH_MINUTES,
    checked_scopes,
    key_hint,
    key_prefix,
)
from server.gamification.partners.types import IssuedKey, KeyMode

_K = API_KEY.c
_INSERT = insert(API_KEY)
_REVOKE = (
    update(API_KEY)
    .where(_K.id == bindparam("of_id"), _K.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
    .returning(_K.id)
)
_REVOKE_OF_DEVICE = (
    update(API_KEY)
    .where(_K.device_id == bindparam("of_device"), _K.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
)
_EXPIRE_OF_DEVICE = (
    update(API_KEY)
    .where(_K.device_id == bindparam("of_device"), _K.revoked_at.is_(None))
    .where(or_(_K.expires_at.is_(None), _K.expires_at > bindparam("until")))
    .values(expires_at=bindparam("until"))
)
_TOUCH_KEY = (
    update(API_KEY)
    .where(_K.id == bindparam("of_id"))
    .where(or_(_K.last_used_at.is_(None), _K.last_used_at <= bindparam("before")))
    .values(last_used_at=bindparam("at"))
)
_TOUCH_DEVICE = (
    update(DEVICE).where(DEVICE.c.id == bindparam("of_id")).values(last_seen_at=bindparam("at"))
)


def add_partner_key(
    tx: Connection,
    partner_id: str,
    name: str,
    scopes: Iterable[str],
    now: datetime,
    mode: KeyMode = KeyMode.LIVE,
) -> IssuedKey:
    """Make a key for a partner's backend. Raises NotFound and ScopeUnknown."""
    get_partner(tx, partner_id)
    holder = {"partner_id": partner_id, "device_id": None, "scopes": checked_scopes(scopes)}
    return _add_key(tx, holder, name, mode, now)


def add_device_key(
    tx: Connection, device_id: str, name: str, now: datetime, mode: KeyMode = KeyMode.LIVE
) -> IssuedKey:
    """Make a key for a device; its scopes are those of the device's profile."""
    holder: dict[str, Any] = {"partner_id": None, "device_id": device_id, "scopes": []}
    return _add_key(tx, holder, name, mode, now)


def _add_key(
    tx: Connection, holder: dict[str, Any], name: str, mode: KeyMode, now: datetime
) -> IssuedKey:
    prefix = key_prefix(mode, device=holder["device_id"] is not None)
    secret = prefix + secrets.token_urlsafe(32)
    issued = IssuedKey(new_id("key", now), secret, key_hint(secret))
    row = {
        "id": issued.id,
        "name": one_line(name),
        "mode": mode,
        "secret_hash": hash_secret(secret),
        "hint": issued.hint,
        "created_at": now,
    }
    tx.execute(_INSERT, holder | row)
    return issued


def rotate_device_key(
    tx: Connection, device_id: str, name: str, now: datetime, mode: KeyMode = KeyMode.LIVE
) -> tuple[IssuedKey, datetime]:
    """Return a new key of a device and until when its earlier keys still work.

    The overlap is for an answer that gets lost: the till still has its old key and asks again.
    """
    until = now + timedelta(minutes=ROTATION_GRACE_MINUTES)
    tx.execute(_EXPIRE_OF_DEVICE, {"of_device": device_id, "until": until})
    return add_device_key(tx, device_id, name, now, mode), until


def revoke_key(tx: Connection, key_id: str, now: datetime) -> None:
    """End a key at once. Raises NotFound, also for a key that has ended already."""
    if tx.execute(_REVOKE, {"of_id": key_id, "at": now}).first() is None:
        raise NotFound("There is no such key in use.")


def revoke_device_keys(tx: Connection, device_id: str, now: datetime) -> None:
    """End all keys of a device at once."""
    tx.execute(_REVOKE_OF_DEVICE, {"of_device": device_id, "at": now})


def touch_key(tx: Connection, key_id: str, device_id: str | None, now: datetime) -> None:
    """Note that a key was used and its device seen; the next few minutes are not noted."""
    before = now - timedelta(minutes=TOUCH_MINUTES)
    tx.execute(_TOUCH_KEY, {"of_id": key_id, "at": now, "before": before})
    if device_id is not None:
        tx.execute(_TOUCH_DEVICE, {"of_id": device_id, "at": now})
