"""Purchases from CSV files: recognised, previewed, imported in batches that can be resumed."""
