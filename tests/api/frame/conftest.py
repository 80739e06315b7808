"""The frame is tried with a little surface of its own."""

from tests.fixtures.bell import bell, bell_app, sqlite_bell_app

__all__ = ["bell", "bell_app", "sqlite_bell_app"]
