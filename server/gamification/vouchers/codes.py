"""Codes of vouchers: how they are made, written, read and checked.

A code has eighteen characters of an alphabet of 32 without look-alikes (Crockford's base 32):

- five random ones, by which its voucher is found;
- twelve (60 bits) of a keyed hash of the voucher's id and those five, so that no code is stored
  and who reads the database cannot make one;
- one that catches every single wrong character and every two that changed places: the sum of the
  others times powers of a generator of GF(32).
"""

import hmac
import re
import secrets

from server.core.crypto import Vault

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOCATOR_LENGTH, SECRET_LENGTH = 5, 12
CODE_LENGTH = LOCATOR_LENGTH + SECRET_LENGTH + 1
GROUP_LENGTH = 6
QR_PREFIX = "L1V."
INDEX = "voucher_code"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_ALIKE = str.maketrans("OIL", "011")
_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1 is primitive over GF(2)


def new_locator() -> str:
    """Return a random locator; two vouchers may have the same one."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LOCATOR_LENGTH))


def code_of(vault: Vault, voucher_id: str, locator: str) -> str:
    """Return the code of a voucher, without separators."""
    return _codes_of(vault, voucher_id, locator)[0]


def is_code_of(vault: Vault, voucher_id: str, locator: str, code: str) -> bool:
    """Tell whether a normal code is that of a voucher, also under the secret before the last."""
    return any(hmac.compare_digest(known, code) for known in _codes_of(vault, voucher_id, locator))


def _codes_of(vault: Vault, voucher_id: str, locator: str) -> list[str]:
    hashes = vault.blind_indexes(INDEX, f"{voucher_id}.{locator}")
    bodies = [locator + _secret(bytes.fromhex(text)) for text in hashes]
    return [body + check_character(body) for body in bodies]


def _secret(hashed: bytes) -> str:
    bits = int.from_bytes(hashed[:8], "big")
    return "".join(ALPHABET[(bits >> 5 * place) & 31] for place in range(SECRET_LENGTH))


def check_character(body: str) -> str:
    """Return the character that completes `body`, which is of the alphabet."""
    total = 0
    for character in body:
        total = _doubled(total ^ _VALUES[character])
    return ALPHABET[total]


def _doubled(value: int) -> int:
    value <<= 1
    return value ^ _POLYNOMIAL if value & 0b100000 else value


def has_code_form(code: str) -> bool:
    """Tell whether a normal code could be one of those made here."""
    if len(code) != CODE_LENGTH or not set(code) <= set(ALPHABET):
        return False
    return check_character(code[:-1]) == code[-1]


def locator_of(code: str) -> str:
    """Return the part of a normal code by which its voucher is found."""
    return code[:LOCATOR_LENGTH]


def normal_code(text: str) -> str:
    """Return a code as it is compared: capitals, no separators, look-alikes as digits.

    What a scanner reads off the QR is understood too.
    """
    bare = text.strip().upper().removeprefix(QR_PREFIX)
    return re.sub(r"[\s-]", "", bare).translate(_ALIKE)


def written(code: str) -> str:
    """Return a code made here in groups for people: 7F4K22-QD9XMP-A3K2T1."""
    if not has_code_form(code):
        return code
    groups = range(0, CODE_LENGTH, GROUP_LENGTH)
    return "-".join(code[start : start + GROUP_LENGTH] for start in groups)


def qr_payload(code: str) -> str:
    """Return what the QR of a voucher says."""
    return QR_PREFIX + code
