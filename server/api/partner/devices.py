"""Tills and kiosks: pairing, their own description, a new key."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.partner import partner
from server.api.principals import Forbidden
from server.api.schemas import Boolean, Choice, Instant, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.gamification.partners.errors import PairingTokenInvalid
from server.gamification.partners.keys import rotate_device_key
from server.gamification.partners.queries import get_device
from server.gamification.partners.service import change_device, pair_device
from server.gamification.partners.types import PROFILE_SCOPES, Device, IssuedKey, KeyMode

NO_STORE = {"Cache-Control": "no-store"}
PROFILES = tuple(str(profile) for profile in PROFILE_SCOPES)
_VERSION = "[A-Za-z0-9][A-Za-z0-9._+-]*"


class LocationOut(Out):
    """Where a device stands; `time_zone` is null when it is the programme's."""

    id = Text(required=True)
    name = Text(required=True)
    time_zone = Text(required=True, allow_none=True)


class OfflineRules(Out):
    """What a till may do while it cannot reach the server."""

    may_earn = Boolean(required=True)
    may_spend = Boolean(required=True)


class DeviceOut(Out):
    """A till or kiosk and what it may do."""

    id = Text(required=True)
    name = Text(required=True)
    profile = Choice(*PROFILES, required=True)
    scopes = Items(Text(), required=True)
    location = Nested(LocationOut, required=True)
    app_version = Text(required=True, allow_none=True)
    offline = Nested(OfflineRules, required=True)


class PairingIn(RequestSchema):
    """The token of the pairing code, and the version of the till's program."""

    example = {"token": "the-token-of-the-pairing-code", "app_version": "1.4.0"}

    token = Text(required=True, most=100)
    app_version = Text(load_default=None, allow_none=True, most=40, pattern=_VERSION)


class PairedDevice(Out):
    """A paired device with its key, which is shown only here."""

    device = Nested(DeviceOut, required=True)
    key = Text(required=True)


class DeviceChange(RequestSchema):
    """What a device reports about itself."""

    example = {"app_version": "1.4.1"}

    app_version = Text(required=True, most=40, pattern=_VERSION)


class RotatedKey(Out):
    """A new key; the earlier ones stop working at `previous_expires_at`."""

    key = Text(required=True)
    previous_expires_at = Instant(required=True)


@partner.post(
    "/devices/pairing",
    "pairDevice",
    public=True,
    body=PairingIn,
    answers={201: PairedDevice},
    refuses=(PairingTokenInvalid,),
    dry_run=False,
)
def pair(call: Call) -> Reply:
    """Exchange a one-time pairing token for a device key.

    The token comes from the pairing code `{v, url, token}` and works once, for an hour. Keys that
    the device had before end.
    """
    device, key = pair_device(call.tx, call.body["token"], call.now, _mode(call))
    if call.body["app_version"] is not None:
        device = change_device(call.tx, device.id, call.body["app_version"], call.now)
    return Reply({"device": _present_device(device), "key": key.secret}, 201, NO_STORE)


@partner.get("/devices/self", "getOwnDevice", answers={200: DeviceOut}, refuses=(Forbidden,))
def get_own_device(call: Call) -> Reply:
    """Get this device: its place, its scopes, what it may do offline."""
    return Reply(_present_device(get_device(call.tx, _own_id(call))))


@partner.patch(
    "/devices/self",
    "changeOwnDevice",
    body=DeviceChange,
    answers={200: DeviceOut},
    refuses=(Forbidden,),
)
def change_own_device(call: Call) -> Reply:
    """Report which version of the till's program runs."""
    device = change_device(call.tx, _own_id(call), call.body["app_version"], call.now)
    return Reply(_present_device(device))


@partner.post(
    "/devices/self/key-rotation",
    "rotateOwnKey",
    answers={201: RotatedKey},
    refuses=(Forbidden,),
    idempotency="none",
    dry_run=False,
)
def rotate_own_key(call: Call) -> Reply:
    """Get a new key. The present one works for an hour more, in case this answer is lost."""
    device = get_device(call.tx, _own_id(call))
    key, until = rotate_device_key(call.tx, device.id, device.name, call.now, _mode(call))
    return Reply(_present_rotation(key, until), 201, NO_STORE)


def _own_id(call: Call) -> str:
    """Return the id of the calling device. Raises Forbidden for a backend's key."""
    if call.principal.kind != "device":
        raise Forbidden("Only a device has itself; this key belongs to a backend.")
    return call.principal.id


def _mode(call: Call) -> KeyMode:
    return KeyMode.TEST if call.settings.mode == "test" else KeyMode.LIVE


def _present_rotation(key: IssuedKey, until: Any) -> dict[str, Any]:
    return {"key": key.secret, "previous_expires_at": until}


def _present_device(device: Device) -> dict[str, Any]:
    place = device.location
    return {
        "id": device.id,
        "name": device.name,
        "profile": device.profile,
        "scopes": sorted(PROFILE_SCOPES[device.profile]),
        "location": {"id": place.id, "name": place.name, "time_zone": place.zone},
        "app_version": device.app_version,
        "offline": {"may_earn": True, "may_spend": False},
    }
