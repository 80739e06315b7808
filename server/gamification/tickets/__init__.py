"""Tickets of raffles: buying, entering for nothing, being given some, and giving them back."""
