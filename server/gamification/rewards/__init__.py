"""Rewards: the catalogue, what is in stock of it, and how it stands to each member."""
