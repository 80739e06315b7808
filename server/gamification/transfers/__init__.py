"""Transfers: points that one member gives another."""
