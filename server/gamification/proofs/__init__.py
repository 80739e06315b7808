"""Proofs: the ledger walked row by row, and signed checkpoints that outlive the database."""
