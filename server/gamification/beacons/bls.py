"""Signatures of drand's quicknet, scheme bls-unchained-g1-rfc9380: BLS12-381, signatures on G1.

A signature S of round r is right when e(S, G2) = e(H(SHA-256(r)), public key); r is eight bytes,
big end first, and H hashes to the curve as in RFC 9380. In pure Python one takes about 0.3 s, most
of it the two pairings. `py_ecc` is imported when the first round is checked.
"""

import hashlib
from typing import Any

_DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
_KEY_DIGITS, _SIGNATURE_DIGITS = 192, 96


def is_signed_round(public_key: str, number: int, signature: str) -> bool:
    """Tell whether `signature` of a round is by `public_key` (both hex, compressed points)."""
    if len(public_key) != _KEY_DIGITS or len(signature) != _SIGNATURE_DIGITS or number < 1:
        return False
    try:
        return _fits(bytes.fromhex(public_key), number, bytes.fromhex(signature))
    except (ValueError, AssertionError, OverflowError):
        # py_ecc refuses with these what is no point of the curve, or no number of eight bytes.
        return False


def _fits(public_key: bytes, number: int, signature: bytes) -> bool:
    from py_ecc.bls.hash_to_curve import hash_to_G1  # noqa: PLC0415 - half a second, seldom needed
    from py_ecc.optimized_bls12_381 import (  # noqa: PLC0415
        FQ12,
        G2,
        final_exponentiate,
        neg,
        pairing,
    )

    key, signed = _points(public_key, signature)
    message = hash_to_G1(
        hashlib.sha256(number.to_bytes(8, "big")).digest(), _DOMAIN, hashlib.sha256
    )
    left = pairing(G2, signed, final_exponentiate=False)
    right = pairing(neg(key), message, final_exponentiate=False)
    return bool(final_exponentiate(left * right) == FQ12.one())


def _points(public_key: bytes, signature: bytes) -> tuple[Any, Any]:
    """Return both as points of their groups. Raise `ValueError`."""
    from py_ecc.bls.g2_primitives import subgroup_check  # noqa: PLC0415
    from py_ecc.bls.point_compression import decompress_G1, decompress_G2  # noqa: PLC0415
    from py_ecc.optimized_bls12_381 import is_inf  # noqa: PLC0415

    halves = (int.from_bytes(public_key[:48], "big"), int.from_bytes(public_key[48:], "big"))
    points = decompress_G2(halves), decompress_G1(int.from_bytes(signature, "big"))
    if any(is_inf(point) or not subgroup_check(point) for point in points):
        raise ValueError("not a point of the group")
    return points
