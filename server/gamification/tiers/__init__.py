"""Tiers: the ladder, who stands where, what it gives, and what is missing for the next."""
