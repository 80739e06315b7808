"""A PostgreSQL that really writes: commits wait for the disk, as they do in a shop."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.fixtures import postgresql
from tests.fixtures.schema import build_schema

_DURABLE = """
fsync = on
synchronous_commit = on
full_page_writes = on
max_connections = 100
shared_buffers = 256MB
max_wal_size = 2GB
timezone = 'UTC'
"""


class NotDurable(Exception):  # noqa: N818 - reads as what is wrong
    """The server of TEST_DATABASE_URL does not wait for the disk; its figures mean nothing."""


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a durable server: the one of TEST_DATABASE_URL, or a private one."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        _refuse_careless(given)
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="fairstar-bench-"))
    folder.chmod(0o755)  # PostgreSQL refuses to be root and must reach its data
    try:
        yield postgresql.start_private(folder / "postgresql", _DURABLE)
    finally:
        postgresql.stop_private(folder / "postgresql")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(server_url: str, name: str) -> Iterator[str]:
    """Yield the URL of a fresh migrated database; drop it afterwards."""
    name = f"fairstar_bench_{name}_{os.getpid()}"
    postgresql.administer(server_url, f"CREATE DATABASE {name}")
    try:
        url = postgresql.url_of(server_url, name)
        build_schema(url)
        yield url
    finally:
        postgresql.administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def plain(url: str) -> str:
    """Return the URL as the driver itself reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _refuse_careless(url: str) -> None:
    with psycopg.connect(plain(url)) as connection:
        for setting in ("fsync", "synchronous_commit"):
            row = connection.execute(f"SHOW {setting}".encode()).fetchone()
            if row != ("on",):
                raise NotDurable(f"{setting} must be on, it is {row and row[0]}.")
