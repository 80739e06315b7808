"""The partner API: what tills and the backends of shops call."""

from datetime import datetime
from typing import Any

import structlog
from flask import Request, Response, after_this_request
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from server.api.principals import (
    DeviceRevoked,
    KeyInvalid,
    Principal,
    TokenInvalid,
    TokenMissing,
    bearer_token,
)
from server.api.surface import Surface
from server.core.crypto import hash_secret
from server.core.db import transaction
from server.core.installation import installation
from server.gamification.partners.keys import touch_key
from server.gamification.partners.queries import find_key_holder
from server.gamification.partners.rules import has_key_form, is_touch_due
from server.gamification.partners.types import PROFILE_SCOPES, KeyMode, Scope

ABOUT = """What a till or a shop's backend needs: who is the customer, what a basket earns, and the
purchase itself.

Send the key as `Authorization: Bearer`. A backend's key (`sk_live_…`) has the scopes it was made
with, a till's (`dk_live_…`) those of its profile. `Loyalty-Dry-Run: 1` tries a write out.
"""
log = structlog.get_logger(__name__)


def authenticate_partner(tx: Connection, request: Request, now: datetime) -> Principal:
    """Return the partner or device of the key; key, device and revision in one statement.

    Raises TokenMissing, KeyInvalid, DeviceRevoked.
    """
    secret = bearer_token(request)
    row = find_key_holder(tx, hash_secret(secret)) if has_key_form(secret) else None
    if row is None:
        raise KeyInvalid
    if row.device_revoked_at is not None:
        raise DeviceRevoked
    is_over = row.expires_at is not None and now >= row.expires_at
    is_misplaced = row.mode == KeyMode.TEST and installation().settings.production
    if row.revoked_at is not None or is_over or is_misplaced:
        raise KeyInvalid
    if is_touch_due(row.last_used_at, now):
        after_this_request(lambda response: _touch(response, row, now))
    return _principal(row)


def _principal(row: Any) -> Principal:
    is_device = row.device_id is not None
    return Principal(
        "device" if is_device else "partner",
        row.device_id or row.partner_id,
        scopes=PROFILE_SCOPES[row.profile] if is_device else frozenset(row.scopes),
        mode=row.mode,
        revision=row.revision or "",
        extra={
            "key_id": row.id,
            "partner_id": row.partner_id,
            "location_id": row.location_id,
            "zone": row.location_zone,
            "owner_id": row.partner_id or row.location_partner_id,
            "sees_all": _sees_all(row),
        },
    )


def _sees_all(row: Any) -> bool:
    """Tell whether what every partner recorded is open: to keys that say so, to the house."""
    if row.device_id is not None:
        return row.location_partner_id is None
    return Scope.PARTNERS_ALL in row.scopes


def _touch(response: Response, row: Any, now: datetime) -> Response:
    """Note the use of a key after the answer is made, now and then; a failure harms nobody."""
    try:
        with transaction() as tx:
            touch_key(tx, row.id, row.device_id, now)
    except SQLAlchemyError as error:
        log.warning("key.touch_failed", key=row.id, error=type(error).__name__)
    return response


partner = Surface(
    "partner",
    prefix="/v1/partner",
    title="Fairstar partner API",
    authenticate=authenticate_partner,
    package="server.api.partner",
    description=ABOUT,
    dry_run=True,
    auth_refuses=(TokenMissing, TokenInvalid, KeyInvalid, DeviceRevoked),
)
