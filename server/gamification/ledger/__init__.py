"""The ledger: wallets, immutable transfers, lots, holds and the hash chain; any unit."""
