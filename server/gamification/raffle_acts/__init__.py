"""Acts of raffles for which it takes two people: asked for by one, approved by another."""
