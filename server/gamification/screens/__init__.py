"""Screens: what a first screen shows, read at once."""
