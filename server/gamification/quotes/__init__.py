"""Quotes: what a purchase would bring, without recording anything."""
