"""Grants: the only giver of benefits. What was given is kept, so that it can be taken back."""
