"""What every test may ask for; the fixtures live in tests/fixtures, one file per thing."""

import freezegun
import hypothesis
import pytest

pytest_plugins = [
    "tests.fixtures.run",
    "tests.fixtures.redis",
    "tests.fixtures.app",
    "tests.fixtures.command_line",
    "tests.fixtures.serving",
    "tests.fixtures.calendar",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--nightly` plays a thousand rounds where every run plays fifty."""
    parser.addoption("--nightly", action="store_true", help="more rounds of what chance decides")


# The pool measures its waits; under a frozen clock they would never end.
freezegun.configure(extend_ignore_list=["sqlalchemy.util.queue", "sqlalchemy.pool"])

# No test depends on time: a busy machine is no reason to fail.
hypothesis.settings.register_profile("fairstar", deadline=None)
hypothesis.settings.load_profile("fairstar")
