"""Sealing a raffle when it closes, and drawing it when the round that was fixed is known."""
