"""Returns and cancellations: a purchase walked backwards, from its stored trace."""
