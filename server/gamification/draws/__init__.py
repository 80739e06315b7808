"""Draws: the pure mathematics of raffles, from sealed tickets to winners that anybody can check."""
