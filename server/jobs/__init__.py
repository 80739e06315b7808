"""Periodic jobs: small batches, safe to repeat, safe twice at once."""
