"""Pure rules of cards: numbers with a check digit, rotating codes, spoken codes.

The rotating code is a time-based one-time password (RFC 6238, HMAC-SHA-1, 8 digits, 30 seconds).
Its secret is derived from the card's master secret and the number of the 30-day term, so that a
secret copied from a phone dies by itself while reading the card never writes.
"""

import hashlib
import hmac
import re
from base64 import b32encode
from datetime import UTC, datetime, timedelta

from server.core.errors import Refusal, ValidationFailed
from server.core.ids import is_id
from server.gamification.cards.errors import CardBlocked, QrReplayed, QrStale
from server.gamification.cards.types import Assurance, CardState, RotatingCode

NUMBER_PREFIX = "22"
NUMBER_BODY_LENGTH = 10
STEP_SECONDS = 30
STEPS_AROUND = 1
CODE_DIGITS = 8
TERM_DAYS = 30
QR_PREFIX = "L1"
SPOKEN_ALPHABET = "CDFGHJKMNPRTVWXY34679"
SPOKEN_LENGTH = 5
SPOKEN_SECONDS = 120
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"[0-9]{8}", re.ASCII)


def check_digit(digits: str) -> str:
    """Return the EAN-13 check digit of twelve digits: weights 1 and 3, complement to ten."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)


def card_number(body: int) -> str:
    """Return the 13-digit card number around a body of up to ten digits."""
    digits = f"{NUMBER_PREFIX}{body:0{NUMBER_BODY_LENGTH}d}"
    return digits + check_digit(digits)


def normal_card_number(text: str, pointer: str = "/card") -> str:
    """Return a card number without blanks and dashes.

    Raises ValidationFailed that blames the field at `pointer`.
    """
    number = re.sub(r"[\s-]", "", text)
    good = re.fullmatch(rf"{NUMBER_PREFIX}[0-9]{{11}}", number) is not None
    if not good or check_digit(number[:12]) != number[12]:
        raise ValidationFailed.at(pointer, "invalid_card_number", "Not a card number of ours.")
    return number


def step_of(now: datetime) -> int:
    """Return the number of the 30-second step that contains `now`."""
    return (now - _EPOCH) // timedelta(seconds=STEP_SECONDS)


def term_of(now: datetime) -> int:
    """Return the number of the 30-day term that contains `now`."""
    return (now - _EPOCH) // timedelta(days=TERM_DAYS)


def secret_valid_until(now: datetime) -> datetime:
    """Return until when a secret handed out at `now` makes codes that can spend."""
    return _EPOCH + timedelta(days=TERM_DAYS * (term_of(now) + 2))


def term_secret(master: bytes, term: int) -> bytes:
    """Return the 20-byte secret of one term."""
    return hmac.digest(master, f"card-term:{term}".encode(), hashlib.sha256)[:20]


def secret_text(master: bytes, now: datetime) -> str:
    """Return the secret of the current term in base 32, as authenticator libraries take it."""
    return b32encode(term_secret(master, term_of(now))).decode()


def one_time_code(secret: bytes, step: int) -> str:
    """Return the eight digits of `step` (RFC 4226 truncation)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def matching_step(master: bytes, digits: str, now: datetime) -> int | None:
    """Return the step around `now` whose code is `digits`, or None when the code is stale."""
    current, term = step_of(now), term_of(now)
    secrets = [term_secret(master, term), term_secret(master, term - 1)]
    for step in range(current + STEPS_AROUND, current - STEPS_AROUND - 1, -1):
        if any(hmac.compare_digest(one_time_code(secret, step), digits) for secret in secrets):
            return step
    return None


def rotating_code(payload: str) -> RotatingCode:
    """Take a scanned payload apart (`L1.crd_….12345678`). Raises ValidationFailed."""
    prefix, _, rest = payload.strip().partition(".")
    card_id, _, digits = rest.partition(".")
    if prefix != QR_PREFIX or not is_id(card_id, "crd") or not _DIGITS.fullmatch(digits):
        raise ValidationFailed.at("/qr", "invalid_qr", "Not a code of this programme.")
    return RotatingCode(card_id, digits)


def why_not_spendable(step: int | None, last_used_step: int | None) -> Refusal | None:
    """Return why a rotating code cannot spend: too old, or used already; None when it can."""
    if step is None:
        return QrStale()
    if last_used_step is not None and step <= last_used_step:
        return QrReplayed()
    return None


def why_not_usable(state: str) -> Refusal | None:
    """Return why a card says nothing about its member any more, or None when it does."""
    return None if state == CardState.ACTIVE else CardBlocked(state=str(state))


def can_spend(assurance: Assurance) -> bool:
    """Tell whether this way of being recognised is enough to spend points."""
    return assurance is Assurance.FRESH_QR


def normal_spoken_code(text: str) -> str:
    """Return a spoken code in capitals without blanks. Raises ValidationFailed."""
    code = re.sub(r"[\s-]", "", text).upper()
    if not 4 <= len(code) <= SPOKEN_LENGTH or not set(code) <= set(SPOKEN_ALPHABET):
        raise ValidationFailed.at("/spoken", "invalid_spoken_code", "Not a spoken code of ours.")
    return code
