"""Challenges: something to do within a time, with a bar and a reward."""
