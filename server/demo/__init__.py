"""A café with customers and a past, for looking at Fairstar before there is a shop."""
