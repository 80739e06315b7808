"""The words of members: what a person is to the rules and services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Status(StrEnum):
    """Whether a member takes part; only active members sign in, earn and spend."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    ERASED = "erased"
    MERGED = "merged"


class Source(StrEnum):
    """Where a member joined."""

    TILL = "till"
    APP = "app"
    IMPORT = "import"
    API = "api"


class IdentifierKind(StrEnum):
    """What kind of thing names a member."""

    PHONE = "phone"
    EMAIL = "email"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A normalised phone (E.164), e-mail or external id; `issuer` is the partner of the latter."""

    kind: IdentifierKind
    value: str
    issuer: str = ""
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a member may tell about themselves."""

    first_name: str | None = None
    last_name: str | None = None
    birthday: date | None = None
    locale: str | None = None
    zone: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A person who joins: profile, identifiers, an optional printed card, and where it was.

    `member_id` is made when it is not given, as it is for the one whom examples name.
    """

    source: Source
    profile: Profile = field(default_factory=Profile)
    identifiers: tuple[Identifier, ...] = ()
    card_number: str | None = None
    location_id: str | None = None
    member_id: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member as stored, without contact data."""

    id: str
    status: Status
    profile: Profile
    merged_into_id: str | None
    joined_source: Source
    joined_location_id: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """An identifier of a member in the clear, with the hint that others may see."""

    kind: IdentifierKind
    issuer: str
    value: str
    hint: str
    verified_at: datetime | None
