"""Technical foundations that know nothing of loyalty."""
