"""`fairstar db` brings the schema to the newest revision, on each kind of database."""

import subprocess
import sys

import psycopg
import pytest

from tests.cli.test_serve import environment
from tests.tidy.tree import ROOT


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request, tmp_path):
    """The URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/fairstar.db"
    url = request.getfixturevalue("postgresql_database")
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url


def fairstar(url: str, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "server", *words]
    return subprocess.run(
        command, env=environment(url), cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_upgrade_makes_the_schema_and_may_be_repeated(empty_database):
    before = fairstar(empty_database, "db", "current")
    assert (before.returncode, "at revision none" in before.stdout) == (1, True)
    for _ in range(2):
        assert fairstar(empty_database, "db", "upgrade").returncode == 0
    after = fairstar(empty_database, "db", "current")
    assert after.returncode == 0, after.stderr
