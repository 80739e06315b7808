"""What points are in this programme: when they become available and when they expire."""
