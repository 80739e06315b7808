"""Secrets at rest: sealing, blind indexes, signatures and hashed tokens.

All keys are derived from the installation's one secret by HKDF, one key for each purpose, so a
value sealed for one purpose opens for no other. After a change of the secret the previous one
still opens and verifies; new values always use the current one.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = "v1."
_NONCE_BYTES = 12


class SealBroken(Exception):  # noqa: N818 - reads as what happened
    """A sealed value was changed, belongs to another context or to a forgotten secret."""


class Vault:
    """The keys of an installation. Cheap to pass around; make one per process with `vault_for`."""

    def __init__(self, secret: str, previous: str | None = None) -> None:
        self._secrets = tuple(text.encode() for text in (secret, previous) if text)
        self._keys = cache(self._derive_keys)

    def _derive_keys(self, purpose: str) -> tuple[bytes, ...]:
        return tuple(_derive(secret, purpose) for secret in self._secrets)

    def key(self, purpose: str) -> bytes:
        """Return the current 32-byte key for `purpose`."""
        return self._keys(purpose)[0]

    def keys(self, purpose: str) -> tuple[bytes, ...]:
        """Return all keys for `purpose` that are still honoured, the current one first."""
        return self._keys(purpose)

    def seal(self, text: str, context: str) -> str:
        """Encrypt `text` (AES-256-GCM); it opens only with the same `context`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        box = AESGCM(self.key("seal")).encrypt(nonce, text.encode(), context.encode())
        return _VERSION + urlsafe_b64encode(nonce + box).decode()

    def open(self, sealed: str, context: str) -> str:
        """Decrypt what `seal` returned. Raises SealBroken."""
        try:
            box = urlsafe_b64decode(sealed.removeprefix(_VERSION))
        except ValueError as error:
            raise SealBroken("not a sealed value") from error
        for key in self.keys("seal"):
            try:
                plain = AESGCM(key).decrypt(
                    box[:_NONCE_BYTES], box[_NONCE_BYTES:], context.encode()
                )
            except (InvalidTag, ValueError):
                continue
            return plain.decode()
        raise SealBroken("no key of this installation opens the value in this context")

    def blind_index(self, kind: str, value: str) -> str:
        """Return the text under which `value` can be found without being stored (HMAC, hex)."""
        return self.blind_indexes(kind, value)[0]

    def blind_indexes(self, kind: str, value: str) -> tuple[str, ...]:
        """Return every index under which `value` may have been stored, the current one first."""
        return tuple(_mac(key, value.encode()).hex() for key in self.keys(f"index:{kind}"))

    def sign(self, purpose: str, message: bytes) -> bytes:
        """Return the 32-byte HMAC-SHA256 of `message` for `purpose`."""
        return _mac(self.key(f"sign:{purpose}"), message)

    def signing_key(self, purpose: str) -> Ed25519PrivateKey:
        """Return the Ed25519 key for `purpose`; anybody with its public half can verify."""
        return self._signing_keys(purpose)[0]

    def public_keys(self, purpose: str) -> tuple[str, ...]:
        """Return the public halves (hex) of all keys for `purpose`, the current one first."""
        keys = self._signing_keys(purpose)
        return tuple(key.public_key().public_bytes_raw().hex() for key in keys)

    def _signing_keys(self, purpose: str) -> tuple[Ed25519PrivateKey, ...]:
        seeds = self.keys(f"ed25519:{purpose}")
        return tuple(Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds)

    def verify(self, purpose: str, message: bytes, signature: bytes) -> bool:
        """Tell whether `signature` (whole or cut to at least 16 bytes) is ours."""
        if len(signature) < 16:
            return False
        keys = self.keys(f"sign:{purpose}")
        made = [_mac(key, message)[: len(signature)] for key in keys]
        return any(hmac.compare_digest(one, signature) for one in made)


@cache
def vault_for(secret: str, previous: str | None = None) -> Vault:
    """Return the vault of a secret, one for each process."""
    return Vault(secret, previous)


def is_signed_by(public_key: str, message: bytes, signature: str) -> bool:
    """Tell whether the Ed25519 `signature` of `message` is by `public_key` (both hex)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def hash_secret(token: str) -> str:
    """Return the SHA-256 (hex) under which a token of high entropy is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"fairstar/{purpose}".encode()).derive(secret)


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
