"""Proofs are tested by damage: none of it is ever committed."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Connection

from server.core.db import transaction


@pytest.fixture
def tx(app: Flask) -> Iterator[Connection]:
    """A transaction on `app` that is rolled back."""
    with app.app_context(), transaction() as connection:
        yield connection
        connection.rollback()
