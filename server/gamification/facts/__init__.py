"""Facts: what each member has done so far, as counters kept up to date with every activity."""
