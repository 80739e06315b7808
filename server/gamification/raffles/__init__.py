"""Raffles: what is raffled, by which rules, and how far each raffle is."""
