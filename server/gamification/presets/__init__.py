"""Presets: whole programmes as text files, ready to be put in force."""
