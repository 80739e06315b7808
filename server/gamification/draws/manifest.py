"""The manifest of a sealed raffle: its canonical bytes, its hash, its signature."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from server.core.crypto import Vault, is_signed_by
from server.gamification.draws.types import Manifest, Signature, Void

FORMAT = "fairstar/raffle/v1"
VOID_FORMAT = "fairstar/raffle/void/v1"
PURPOSE = "raffle-manifest"
_NAMES = {
    "raffle_id": "raffle_id",
    "rules_hash": "rules_hash",
    "entrants": "N",
    "tickets": "T",
    "main_prizes": "Wm",
    "consolation_prizes": "Wc",
    "pool_root": "pool_root",
    "ledger_checkpoint": "ledger_checkpoint",
    "chain_hash": "chain_hash",
    "round": "round",
}
"""Each field and its name in documents, in the order in which it is signed."""


def statement_of(manifest: Manifest) -> bytes:
    """Return the bytes that the signature covers: a JSON array, without white space, in UTF-8."""
    return _canonical([FORMAT, *(getattr(manifest, field) for field in _NAMES)])


def manifest_hash(manifest: Manifest) -> str:
    """Return the SHA-256 (hex) of the manifest's canonical bytes."""
    return hashlib.sha256(statement_of(manifest)).hexdigest()


def sign_manifest(manifest: Manifest, vault: Vault) -> Signature:
    """Sign with the installation's key for raffles."""
    return _signed(statement_of(manifest), vault)


def is_signed(manifest: Manifest, signature: Signature) -> bool:
    """Tell whether the signature belongs to the manifest; whose the key is, is not asked."""
    return is_signed_by(signature.public_key, statement_of(manifest), signature.value)


def void_statement(raffle_id: str, void: Sequence[Void]) -> bytes:
    """Return the bytes of a void list that its signature covers; the order does not matter."""
    rows = sorted([one.scope.value, one.id, one.reason] for one in void)
    return _canonical([VOID_FORMAT, raffle_id, rows])


def sign_void(raffle_id: str, void: Sequence[Void], vault: Vault) -> Signature:
    """Sign a void list."""
    return _signed(void_statement(raffle_id, void), vault)


def manifest_fields(manifest: Manifest, signature: Signature) -> dict[str, Any]:
    """Return the manifest as it stands in documents."""
    fields = {name: getattr(manifest, field) for field, name in _NAMES.items()}
    return fields | {"public_key": signature.public_key, "signature": signature.value}


def load_manifest(fields: dict[str, Any]) -> tuple[Manifest, Signature]:
    """Return what `manifest_fields` wrote. Raise `ValueError`."""
    try:
        manifest = Manifest(**{field: fields[name] for field, name in _NAMES.items()})
        return manifest, Signature(fields["public_key"], fields["signature"])
    except KeyError as error:
        raise ValueError(f"the manifest lacks {error}") from error


def _signed(statement: bytes, vault: Vault) -> Signature:
    key = vault.signing_key(PURPOSE)
    return Signature(key.public_key().public_bytes_raw().hex(), key.sign(statement).hex())


def _canonical(fields: list[Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
