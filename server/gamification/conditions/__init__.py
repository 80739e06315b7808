"""Conditions: what must be true of a member or an activity, as a small typed language."""
