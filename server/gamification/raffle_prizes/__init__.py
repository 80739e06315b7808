"""Prizes of drawn raffles: given, claimed, lapsed to the next in order, or substituted."""
