"""Reading keys, devices, locations and partners."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, true

from server.core.errors import NotFound
from server.core.statements import Prepared
from server.gamification.partners.models import API_KEY, DEVICE, LOCATION, PARTNER
from server.gamification.partners.types import Device, Location, Profile
from server.gamification.programme.models import PROGRAMME

_K, _D, _L, _P = API_KEY.c, DEVICE.c, LOCATION.c, PARTNER.c
_HOLDER = Prepared(
    select(
        _K.id,
        _K.partner_id,
        _K.device_id,
        _K.mode,
        _K.scopes,
        _K.expires_at,
        _K.revoked_at,
        _K.last_used_at,
        _D.profile,
        _D.location_id,
        _D.revoked_at.label("device_revoked_at"),
        _L.zone.label("location_zone"),
        _L.partner_id.label("location_partner_id"),
        _P.name.label("partner_name"),
        PROGRAMME.c.revision,
    )
    .select_from(API_KEY)
    .outerjoin(DEVICE, _D.id == _K.device_id)
    .outerjoin(LOCATION, _L.id == _D.location_id)
    .outerjoin(PARTNER, _P.id == _K.partner_id)
    .outerjoin(PROGRAMME, true())
    .where(_K.secret_hash == bindparam("secret_hash"))
)
_DEVICES = select(
    _D.id,
    _D.name,
    _D.profile,
    _D.app_version,
    _D.last_seen_at,
    _D.revoked_at,
    _L.id.label("location_id"),
    _L.name.label("location_name"),
    _L.external_id,
    _L.zone,
).join(LOCATION, _L.id == _D.location_id)
_DEVICE = _DEVICES.where(_D.id == bindparam("id"))
_PARTNER_OF_KEY = (
    select(func.coalesce(_K.partner_id, _L.partner_id))
    .select_from(API_KEY)
    .outerjoin(DEVICE, _D.id == _K.device_id)
    .outerjoin(LOCATION, _L.id == _D.location_id)
    .where(_K.id == bindparam("id"))
)
_LOCATION = select(LOCATION).where(_L.id == bindparam("id"))
_LOCATION_NAMED = select(LOCATION).where(_L.external_id == bindparam("external_id"))
_LOCATIONS = select(LOCATION).where(_L.archived_at.is_(None)).order_by(_L.name, _L.id)
_PARTNER = select(PARTNER).where(_P.id == bindparam("id"))
_PARTNERS = select(PARTNER).order_by(_P.name, _P.id)
_KEYS = (
    select(API_KEY, _P.name.label("partner_name"), _D.name.label("device_name"))
    .outerjoin(PARTNER, _P.id == _K.partner_id)
    .outerjoin(DEVICE, _D.id == _K.device_id)
    .order_by(_K.created_at, _K.id)
)


def find_key_holder(tx: Connection, secret_hash: str) -> Any:
    """Return what authentication needs, in one statement, or None for an unknown key.

    Attributes: the key's id, partner_id, device_id, mode, scopes, expires_at, revoked_at,
    last_used_at; profile, location_id, location_zone, device_revoked_at; partner_name; and the
    programme's revision.
    """
    return _HOLDER.first(tx, {"secret_hash": secret_hash})


def find_partner_of_key(tx: Connection, key_id: str) -> str | None:
    """Return whose a key is: its partner, or that of its device's location; None for the house."""
    found: str | None = tx.execute(_PARTNER_OF_KEY, {"id": key_id}).scalar()
    return found


def get_device(tx: Connection, device_id: str) -> Device:
    """Return a device with its location. Raises NotFound."""
    row = tx.execute(_DEVICE, {"id": device_id}).first()
    if row is None:
        raise NotFound("There is no such device.")
    return _device(row)


def list_devices(tx: Connection) -> list[Device]:
    """Return all devices by name, revoked ones too."""
    return [_device(row) for row in tx.execute(_DEVICES.order_by(_D.name, _D.id))]


def get_location(tx: Connection, location_id: str) -> Location:
    """Return a location. Raises NotFound."""
    row = tx.execute(_LOCATION, {"id": location_id}).first()
    if row is None:
        raise NotFound("There is no such location.")
    return _location(row)


def find_location(tx: Connection, external_id: str) -> Location | None:
    """Return the location with another system's id, or None."""
    row = tx.execute(_LOCATION_NAMED, {"external_id": external_id}).first()
    return None if row is None else _location(row)


def list_locations(tx: Connection) -> list[Location]:
    """Return the locations in use, by name."""
    return [_location(row) for row in tx.execute(_LOCATIONS)]


def get_partner(tx: Connection, partner_id: str) -> Any:
    """Return a row of `partner`. Raises NotFound."""
    row = tx.execute(_PARTNER, {"id": partner_id}).first()
    if row is None:
        raise NotFound("There is no such partner.")
    return row


def list_partners(tx: Connection) -> Sequence[Any]:
    """Return the rows of `partner` by name."""
    return tx.execute(_PARTNERS).all()


def list_keys(tx: Connection) -> Sequence[Any]:
    """Return all keys, oldest first, with `partner_name` or `device_name`; no secrets exist."""
    return tx.execute(_KEYS).all()


def _location(row: Any) -> Location:
    return Location(row.id, row.name, row.external_id, row.zone, row.partner_id)


def _device(row: Any) -> Device:
    return Device(
        id=row.id,
        name=row.name,
        profile=Profile(row.profile),
        location=Location(row.location_id, row.location_name, row.external_id, row.zone),
        app_version=row.app_version,
        last_seen_at=row.last_seen_at,
        revoked_at=row.revoked_at,
    )
