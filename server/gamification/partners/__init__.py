"""Partners, locations, tills and the keys they sign in with."""
