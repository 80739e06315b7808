"""The words of proofs."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: in which wallet, at which transfer (as far as known), and what."""

    what: str
    wallet_id: str | None = None
    transfer_id: str | None = None

    def __str__(self) -> str:
        where = [f"transfer {self.transfer_id}"] if self.transfer_id else []
        where += [f"wallet {self.wallet_id}"] if self.wallet_id else []
        return f"{', '.join(where)}: {self.what}" if where else self.what


@dataclass(frozen=True, slots=True)
class Head:
    """Where a wallet's chain of hashes stood: after `version` movements, at `head_hash`."""

    wallet_id: str
    version: int
    head_hash: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement: at `taken_at` these wallets stood exactly so.

    `root` is the Merkle root over the heads of all wallets, `previous_root` that of checkpoint
    `number` - 1. Key and signature are Ed25519, in hex.
    """

    number: int
    taken_at: datetime
    wallets: int
    root: str
    previous_root: str
    public_key: str = ""
    signature: str = ""
