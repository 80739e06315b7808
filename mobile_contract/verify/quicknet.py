#!/usr/bin/env python3
"""Check a round of drand's quicknet: python quicknet.py ROUND SIGNATURE. Needs py_ecc."""

import hashlib
import sys

from py_ecc import optimized_bls12_381 as curve
from py_ecc.bls import g2_primitives, hash_to_curve
from py_ecc.bls import point_compression as form

KEY = (
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c"
    "8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb"
    "5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"


def is_signed_round(number: int, signature: bytes) -> bool:
    """Tell whether e(signature, G2) = e(hash of the round, key). Raise ValueError."""
    message = hashlib.sha256(number.to_bytes(8, "big")).digest()
    hashed = hash_to_curve.hash_to_G1(message, DOMAIN, hashlib.sha256)
    signed = form.decompress_G1(int.from_bytes(signature, "big"))
    if len(signature) != 48 or curve.is_inf(signed) or not g2_primitives.subgroup_check(signed):
        return False
    key = form.decompress_G2((int(KEY[:96], 16), int(KEY[96:], 16)))
    left = curve.pairing(curve.G2, signed, final_exponentiate=False)
    right = curve.pairing(curve.neg(key), hashed, final_exponentiate=False)
    return bool(curve.final_exponentiate(left * right) == curve.FQ12.one())


if __name__ == "__main__":
    right = is_signed_round(int(sys.argv[1]), bytes.fromhex(sys.argv[2]))
    print("RIGHT" if right else "WRONG")
    sys.exit(not right)
