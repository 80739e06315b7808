"""Orders: physical gifts from being ordered to being received, or called off."""
