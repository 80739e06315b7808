"""Reports: activities besides purchases, on the way of a purchase without money."""
