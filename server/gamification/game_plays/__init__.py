"""Plays: one try at a game with one outcome, decided here, given through grants, and provable."""
