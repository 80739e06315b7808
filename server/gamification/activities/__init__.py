"""Activities: reported facts, and the one written order in which they reach the other slices."""
