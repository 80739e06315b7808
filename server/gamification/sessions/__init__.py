"""Sign-ins: one-time codes, sessions, access tokens and rotating refresh tokens."""
