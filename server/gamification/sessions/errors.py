"""Refusals of signing in."""

from server.core.errors import Refusal


class OtpInvalid(Refusal):
    """The code is wrong; the guess was counted and `params.attempts_left` is what remains."""

    code, status, title = "otp_invalid", 422, "The code is not right"
    keeps_writes = True


class OtpExpired(Refusal):
    """The code is too old or was used; ask for a new one."""

    code, status, title = "otp_expired", 422, "The code has expired"


class OtpTooMany(Refusal):
    """Too many wrong guesses, or too many codes asked for; try later with a new one."""

    code, status, title = "otp_too_many", 429, "Too many attempts"


class RefreshReused(Refusal):
    """A refresh token came twice: the session is ended, because one of the two is not its owner."""

    code, status, title = "refresh_reused", 401, "Sign in again"
    keeps_writes = True


class SessionEnded(Refusal):
    """The session was signed out, revoked or unused for too long; sign in again."""

    code, status, title = "session_ended", 401, "Sign in again"
