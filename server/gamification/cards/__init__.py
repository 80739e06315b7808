"""Cards: the number, the rotating code that proves a phone is present, the spoken code."""
