"""The rules of loyalty: slices by capability. See README.md for the map and the order."""
