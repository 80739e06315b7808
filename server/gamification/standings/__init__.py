"""Standings: which tier each member holds and why; reviews by date, decisions of people."""
