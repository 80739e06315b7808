"""The words of signing in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RevokeReason(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed_out"
    REPLACED = "replaced"
    REFRESH_REUSED = "refresh_reused"


class RefreshDecision(StrEnum):
    """What to do with a refresh token that was shown."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    REUSED = "reused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RefreshFacts:
    """What is known about a shown refresh token, its session and its successor."""

    installation_id: str
    expires_at: datetime
    used_at: datetime | None
    successor_used: bool
    session_revoked: bool


@dataclass(frozen=True, slots=True)
class Challenge:
    """A one-time code on its way to an address; `code` exists only here and in the message.

    Where the code is empty nothing is sent: too many were asked for, and nobody is told.
    """

    id: str
    address: str
    address_hint: str
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a signed-in app keeps: a short access token and a rotating refresh token."""

    session_id: str
    member_id: str
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Installation:
    """The app copy that signs in: its own id and what it says it is."""

    id: str
    user_agent: str
