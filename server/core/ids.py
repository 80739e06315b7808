"""Prefixed, sortable ids such as `act_06dm1k8z5sw3n0v9qt2e7r4hcy`.

An id is a kind prefix and a UUID version 7 (RFC 9562: 48 bits of milliseconds, then random bits)
in lower-case base 32 without look-alike letters. Ids made later sort later, to the millisecond;
they carry no personal data and 74 random bits. The database stores exactly the text people see.
"""

import re
import secrets
from datetime import UTC, datetime, timedelta

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_PATTERN = re.compile(r"[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ID_LENGTH_MAX = 31
EXAMPLE_MEMBER_ID = "mem_01jd3n0000000000000000000a"
"""The member that the examples of the reference speak of and that every demo shop has."""


def new_id(prefix: str, now: datetime) -> str:
    """Return a fresh id of kind `prefix` whose sort position is the instant `now`."""
    delta = now - _EPOCH
    milliseconds = delta.days * 86_400_000 + delta.seconds * 1000 + delta.microseconds // 1000
    random = secrets.randbits(74)
    value = (milliseconds << 80) | (7 << 76) | ((random >> 62) << 64) | (2 << 62)
    return f"{prefix}_{_base32(value | (random & (2**62 - 1)))}"


def first_id(prefix: str, at: datetime) -> str:
    """Return what no id of kind `prefix` made at `at` or later sorts before."""
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    return f"{prefix}_{_base32(milliseconds << 80)}"


def id_of(prefix: str, bits: int) -> str:
    """Return the id of kind `prefix` with these 128 bits, for ids that follow from other values."""
    return f"{prefix}_{_base32(bits)}"


def is_id(text: str, prefix: str) -> bool:
    """Tell whether `text` has the form of an id of kind `prefix`."""
    return text.startswith(prefix + "_") and _PATTERN.fullmatch(text) is not None


def _base32(value: int) -> str:
    """Write 128 bits as 26 characters, ten bits at a time."""
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)])
