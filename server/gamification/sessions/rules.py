"""Pure rules of signing in: what a refresh token may do, when a one-time code counts."""

from datetime import datetime, timedelta

from server.core.errors import Refusal
from server.gamification.sessions.errors import OtpExpired, OtpTooMany
from server.gamification.sessions.types import RefreshDecision, RefreshFacts

ACCESS_MINUTES = 20
REFRESH_DAYS = 180
GRACE_SECONDS = 60
OTP_MINUTES = 10
OTP_ATTEMPTS_MAX = 5
OTP_PER_HOUR_MAX = 5
"""Codes to one address that one requester is sent within an hour."""
OTP_OF_ALL_PER_HOUR_MAX = 30
"""Codes to one address within an hour, whoever asks."""
USER_AGENT_LENGTH = 120


def decide_refresh(facts: RefreshFacts, installation_id: str, now: datetime) -> RefreshDecision:
    """Decide about a refresh token that `installation_id` shows at `now`.

    An unused token rotates. A used one is repeated for a minute to the same installation, as long
    as its successor is unused: the answer was lost. Everything else is reuse.
    """
    if facts.session_revoked:
        return RefreshDecision.ENDED
    if facts.installation_id != installation_id:
        return RefreshDecision.REUSED
    if facts.used_at is None:
        expired = now >= facts.expires_at
        return RefreshDecision.ENDED if expired else RefreshDecision.ROTATE
    in_grace = now - facts.used_at <= timedelta(seconds=GRACE_SECONDS)
    return RefreshDecision.REPEAT if in_grace and not facts.successor_used else _REUSED


def why_not_guess(
    expires_at: datetime, used_at: datetime | None, attempts: int, now: datetime
) -> Refusal | None:
    """Return why a challenge takes no further guess, or None when it does.

    `attempts` counts the guesses made before this one.
    """
    if attempts >= OTP_ATTEMPTS_MAX:
        return OtpTooMany("Too many wrong codes; ask for a new one.")
    if used_at is not None or now >= expires_at:
        return OtpExpired()
    return None


def may_send_code(to_requester: int, to_anybody: int) -> bool:
    """Tell whether one more code goes to an address: codes of the last hour, by who asked."""
    return to_requester < OTP_PER_HOUR_MAX and to_anybody < OTP_OF_ALL_PER_HOUR_MAX


def short_user_agent(text: str | None) -> str:
    """Return the printable beginning of a User-Agent header."""
    return "".join(char for char in text or "" if char.isprintable())[:USER_AGENT_LENGTH]


_REUSED = RefreshDecision.REUSED
