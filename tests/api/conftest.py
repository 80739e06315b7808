"""Everybody of the cast, signed in at one moment that only the test moves."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.core.db import snapshot
from server.gamification.invariants.service import check_all
from tests.builders.members import Cast, gather_cast
from tests.builders.tills import Till
from tests.fixtures.calendar import StoppedClock


@pytest.fixture
def cast(app: Flask, clock_at: StoppedClock) -> Cast:
    """The cast on the database of `app`."""
    with app.app_context():
        return gather_cast()


@pytest.fixture
def books(app: Flask, cast: Cast, clock_at: StoppedClock) -> Iterator[Flask]:
    """The application, whose books must be in order when the test is over."""
    yield app
    with app.app_context(), snapshot() as tx:
        assert check_all(tx, clock_at.instant) == []


@pytest.fixture
def till(books: Flask, client: FlaskClient, cast: Cast) -> Till:
    """Dan, the till at Main Street."""
    return Till(client, cast.as_dan)


@pytest.fixture
def shop(books: Flask, client: FlaskClient, cast: Cast) -> Till:
    """The backend of the web shop."""
    return Till(client, cast.as_shop)
