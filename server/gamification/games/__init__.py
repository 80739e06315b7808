"""Games: instant wins as they are configured, their secret seeds, their stock, and plays to use."""
