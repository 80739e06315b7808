"""Locations, partners and devices: add, pair, revoke."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, update

from server.core.crypto import Vault, hash_secret
from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.texts import one_line
from server.gamification.partners.assertions import check_public_key, seal_secret
from server.gamification.partners.errors import LocationExists, PairingTokenInvalid
from server.gamification.partners.keys import add_device_key, revoke_device_keys
from server.gamification.partners.models import DEVICE, LOCATION, PARTNER
from server.gamification.partners.queries import (
    find_location,
    get_device,
    get_location,
    get_partner,
)
from server.gamification.partners.rules import PAIRING_MINUTES
from server.gamification.partners.types import (
    Device,
    IssuedKey,
    KeyMode,
    Location,
    Pairing,
    Profile,
)

_D = DEVICE.c
_ADD_LOCATION = insert(LOCATION)
_ADD_PARTNER = insert(PARTNER)
_ADD_DEVICE = insert(DEVICE)
_OFFER_PAIRING = (
    update(DEVICE)
    .where(_D.id == bindparam("of_id"), _D.revoked_at.is_(None))
    .values(pairing_token_hash=bindparam("hash"), pairing_expires_at=bindparam("until"))
    .returning(_D.id)
)
_PAIR = (
    update(DEVICE)
    .where(
        _D.pairing_token_hash == bindparam("hash"),
        _D.pairing_expires_at > bindparam("at"),
        _D.revoked_at.is_(None),
    )
    .values(pairing_token_hash=None, pairing_expires_at=None, last_seen_at=bindparam("at"))
    .returning(_D.id, _D.name)
)
_REVOKE = (
    update(DEVICE)
    .where(_D.id == bindparam("of_id"), _D.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"), pairing_token_hash=None, pairing_expires_at=None)
    .returning(_D.id)
)
_CHANGE = update(DEVICE).where(_D.id == bindparam("of_id"))


def add_location(
    tx: Connection,
    name: str,
    now: datetime,
    external_id: str | None = None,
    zone: str | None = None,
    partner_id: str | None = None,
) -> Location:
    """Add a place of business, of a partner or of the house.

    Raises LocationExists when the external id is taken, NotFound for an unknown partner.
    """
    if partner_id is not None:
        get_partner(tx, partner_id)
    found = find_location(tx, external_id) if external_id else None
    if found is not None:
        raise LocationExists(location_id=found.id)
    location = Location(new_id("loc", now), one_line(name), external_id, zone, partner_id)
    row = {"id": location.id, "name": location.name, "external_id": external_id, "zone": zone}
    tx.execute(_ADD_LOCATION, row | {"partner_id": partner_id, "created_at": now})
    return location


def add_partner(
    tx: Connection, vault: Vault, name: str, now: datetime, public_key: str | None = None
) -> tuple[str, str | None]:
    """Add a partner; return its id and the secret it signs assertions with (shown once).

    With `public_key` (PEM) the partner signs with its own private key and there is no secret.
    Raises SigningKeyInvalid.
    """
    partner_id = new_id("par", now)
    secret = None if public_key else secrets.token_urlsafe(48)
    row = {
        "id": partner_id,
        "name": one_line(name),
        "assertion_key": check_public_key(public_key) if public_key else None,
        "assertion_secret_sealed": seal_secret(vault, partner_id, secret) if secret else None,
        "created_at": now,
    }
    tx.execute(_ADD_PARTNER, row)
    return partner_id, secret


def add_device(
    tx: Connection, name: str, location_id: str, profile: Profile, now: datetime
) -> Device:
    """Add a till or kiosk at a location; it has no key before it is paired. Raises NotFound."""
    get_location(tx, location_id)
    device_id = new_id("dev", now)
    row = {"id": device_id, "name": one_line(name), "location_id": location_id, "profile": profile}
    tx.execute(_ADD_DEVICE, row | {"created_at": now})
    return get_device(tx, device_id)


def offer_pairing(tx: Connection, device_id: str, now: datetime) -> Pairing:
    """Make a one-time pairing token for a device, for an hour; an earlier one stops working.

    Raises NotFound for an unknown or revoked device.
    """
    token = f"pt_{secrets.token_urlsafe(32)}"
    until = now + timedelta(minutes=PAIRING_MINUTES)
    row = {"of_id": device_id, "hash": hash_secret(token), "until": until}
    if tx.execute(_OFFER_PAIRING, row).first() is None:
        raise NotFound("There is no such device in use.")
    return Pairing(device_id, token, until)


def pair_device(
    tx: Connection, token: str, now: datetime, mode: KeyMode = KeyMode.LIVE
) -> tuple[Device, IssuedKey]:
    """Exchange a pairing token for a device key, once; earlier keys of the device end.

    Raises PairingTokenInvalid.
    """
    row = tx.execute(_PAIR, {"hash": hash_secret(token), "at": now}).first()
    if row is None:
        raise PairingTokenInvalid
    revoke_device_keys(tx, row.id, now)
    key = add_device_key(tx, row.id, row.name, now, mode)
    return get_device(tx, row.id), key


def change_device(tx: Connection, device_id: str, app_version: str, now: datetime) -> Device:
    """Note which version of the till's program runs on a device."""
    tx.execute(_CHANGE.values(app_version=app_version, last_seen_at=now), {"of_id": device_id})
    return get_device(tx, device_id)


def revoke_device(tx: Connection, device_id: str, now: datetime) -> None:
    """End a device and its keys at once. Raises NotFound."""
    if tx.execute(_REVOKE, {"of_id": device_id, "at": now}).first() is None:
        raise NotFound("There is no such device in use.")
    revoke_device_keys(tx, device_id, now)
