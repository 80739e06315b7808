"""Activity types: which facts besides purchases may be reported, and what a report holds."""
