"""Beacons: public randomness that nobody chooses, and a hash chain for where there is none."""
