"""Everybody of the cast, signed in at one moment that only the test moves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask

from server.core import clock
from tests.builders.members import NOW, Cast, gather_cast


@dataclass
class StoppedClock:
    """The clock that entry points read; it goes on when the test says so."""

    instant: datetime = NOW

    def tick(self, length: timedelta) -> None:
        """Let time pass."""
        self.instant += length


@pytest.fixture
def clock_at(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """A stopped clock at the moment of the cast."""
    stopped = StoppedClock()
    monkeypatch.setattr(clock, "now", lambda: stopped.instant)
    return stopped


@pytest.fixture
def cast(app: Flask, clock_at: StoppedClock) -> Cast:
    """The cast on the database of `app`."""
    with app.app_context():
        return gather_cast()
