"""Invariants: what must be true of the stored data at any time, each with a name and a check."""
