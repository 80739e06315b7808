"""The words of partners and tills."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class Scope(StrEnum):
    """What a key may do."""

    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    TRANSACTIONS_READ = "transactions:read"
    TRANSACTIONS_WRITE = "transactions:write"
    RETURNS_WRITE = "returns:write"
    EVENTS_WRITE = "events:write"
    REDEMPTIONS_WRITE = "redemptions:write"
    ADJUSTMENTS_WRITE = "adjustments:write"
    BADGES_WRITE = "badges:write"
    SANDBOX = "sandbox"
    PARTNERS_ALL = "partners:all"
    """What all partners record, not only what the key's own did."""


class Profile(StrEnum):
    """What a device is for."""

    TILL_FULL = "till_full"
    TILL_SCAN_ONLY = "till_scan_only"
    KIOSK = "kiosk"


class KeyMode(StrEnum):
    """Whether a key is for real customers or for trying things out."""

    LIVE = "live"
    TEST = "test"


PROFILE_SCOPES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        Profile.TILL_FULL: frozenset(
            {
                Scope.MEMBERS_READ,
                Scope.MEMBERS_WRITE,
                Scope.TRANSACTIONS_READ,
                Scope.TRANSACTIONS_WRITE,
                Scope.RETURNS_WRITE,
                Scope.EVENTS_WRITE,
                Scope.REDEMPTIONS_WRITE,
                Scope.BADGES_WRITE,
            }
        ),
        Profile.TILL_SCAN_ONLY: frozenset({Scope.MEMBERS_READ, Scope.TRANSACTIONS_WRITE}),
        Profile.KIOSK: frozenset({Scope.MEMBERS_READ, Scope.MEMBERS_WRITE}),
    }
)
"""A device has the scopes of its profile, looked up at each request."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place of business."""

    id: str
    name: str
    external_id: str | None
    zone: str | None
    partner_id: str | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A till or kiosk with its place."""

    id: str
    name: str
    profile: Profile
    location: Location
    app_version: str | None
    last_seen_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key; `secret` is shown once and kept nowhere."""

    id: str
    secret: str
    hint: str


@dataclass(frozen=True, slots=True)
class Pairing:
    """A one-time pairing token of a device, and until when it works."""

    device_id: str
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AssertedCustomer:
    """A customer that a partner vouches for."""

    partner_id: str
    external_id: str
    first_name: str | None
    last_name: str | None
    locale: str | None
