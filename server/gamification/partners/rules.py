"""Pure rules of partners: the form of keys, scopes, what an assertion must say."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from server.gamification.partners.errors import AssertionInvalid, ScopeUnknown
from server.gamification.partners.types import KeyMode, Scope

PAIRING_MINUTES = 60
ROTATION_GRACE_MINUTES = 60
TOUCH_MINUTES = 5
ASSERTION_MINUTES = 5
CLOCK_SKEW_SECONDS = 60
JTI_LENGTH_MAX = 100


def key_prefix(mode: KeyMode, *, device: bool) -> str:
    """Return the readable beginning of a key: `sk_live_`, `sk_test_`, `dk_live_`, `dk_test_`."""
    return f"{'dk' if device else 'sk'}_{mode}_"


def key_hint(secret: str) -> str:
    """Return what lists show of a key: its beginning and its last four characters."""
    return f"{secret[:8]}…{secret[-4:]}"


def has_key_form(text: str) -> bool:
    """Tell whether a text could be one of our keys, before the database is asked."""
    return text.startswith(("sk_live_", "sk_test_", "dk_live_", "dk_test_")) and len(text) < 100


def checked_scopes(names: Iterable[str]) -> list[str]:
    """Return the scopes sorted and without repeats. Raises ScopeUnknown."""
    known = {str(scope) for scope in Scope}
    wanted = set(names)
    if unknown := sorted(wanted - known):
        raise ScopeUnknown(f"There is no scope {unknown[0]}.", scope=unknown[0])
    return sorted(wanted)


def is_touch_due(last_at: datetime | None, now: datetime) -> bool:
    """Tell whether "last used" is old enough to be written again."""
    return last_at is None or now - last_at >= timedelta(minutes=TOUCH_MINUTES)


def check_assertion_claims(claims: Mapping[str, Any], now: datetime) -> datetime:
    """Return when a verified assertion ends. Raises AssertionInvalid.

    `sub` and `jti` must be short texts; `exp` at most five minutes ahead, `nbf` and `iat`, where
    they are said, not ahead (a minute of clock difference is forgiven either way).
    """
    for name, length in (("sub", 100), ("jti", JTI_LENGTH_MAX)):
        value = claims.get(name)
        text = value.strip() if isinstance(value, str) and value.isprintable() else ""
        if not 1 <= len(text) <= length:
            raise AssertionInvalid(f"The claim {name} must be a text of 1 to {length} characters.")
    expires_at = _instant_of(claims, "exp")
    skew = timedelta(seconds=CLOCK_SKEW_SECONDS)
    for name in ("nbf", "iat"):
        if name in claims and _instant_of(claims, name) > now + skew:
            raise AssertionInvalid(f"The claim {name} lies in the future.")
    if now >= expires_at + skew:
        raise AssertionInvalid("The assertion has expired.")
    if expires_at > now + timedelta(minutes=ASSERTION_MINUTES) + skew:
        raise AssertionInvalid("The claim exp may be at most five minutes ahead.")
    return expires_at


def _instant_of(claims: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.fromtimestamp(claims[name], UTC)
    except (ValueError, TypeError, OverflowError, OSError, KeyError) as error:
        raise AssertionInvalid(f"The claim {name} must be a time in seconds.") from error
