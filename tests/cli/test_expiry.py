"""`fairstar programme expiry`: seen before it is set, and never without a word."""

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from server.cli import cli
from server.core.db import transaction
from server.gamification.programme.queries import get_programme
from tests.builders.purchases import add_member, buy, open_shop
from tests.fixtures.command_line import variables

THEN = datetime(2026, 5, 2, 9, tzinfo=UTC)
NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)


@pytest.fixture
def shop(sqlite_app):
    """A shop without expiry, in which somebody has 10 points."""
    with sqlite_app.app_context(), transaction() as tx:
        open_shop(tx, THEN, expiry=[])
        ana = add_member(tx, THEN)
        buy(tx, ana, 100_00, THEN)
    return ana


@pytest.fixture
def run(shop, sqlite_database, monkeypatch, clock_at):
    clock_at.instant = NOW
    for name, value in variables(sqlite_database).items():
        monkeypatch.setenv(name, value)

    def run_command(*words, said=None):
        return CliRunner().invoke(cli, ["programme", "expiry", *words], input=said)

    return run_command


def policies(app):
    with app.app_context(), transaction() as tx:
        return get_programme(tx).policies.expiry


def test_a_preview_names_months_and_members_and_changes_nothing(run, shop, sqlite_app):
    lines = run("preview", "--months", "6").output.splitlines()
    assert lines[0] == "expiry     6 months after earning, at the end of the day"
    assert lines[1].split() == ["month", "members", "points", "as", "it", "is"]
    assert [line.split() for line in lines if "#" in line] == [
        ["2026-12", "1", "10", "0", "#" * 30]
    ]
    assert lines[-1] == f"{shop}  10 points, the first on 2026-12-15"
    assert policies(sqlite_app) == ()


def test_policies_are_set_after_a_question(run, sqlite_app):
    options = ("--months", "12", "--idle-months", "6", "--round-to", "month", "--on", "2027-03-31")
    refused = run("set", *options, said="n\n")
    assert (refused.exit_code, policies(sqlite_app)) == (1, ())
    assert run("set", *options, said="y\n").exit_code == 0
    assert len(policies(sqlite_app)) == 3
    shown = run("show").output.splitlines()
    assert shown[:3] == [
        "expiry     12 months after earning, at the end of the month",
        "expiry     6 months without a purchase, at the end of the month",
        "expiry     on 2027-03-31",
    ]
    assert [line.split()[0] for line in shown if "#" in line] == ["2026-12"]


def test_points_that_never_expire_are_a_choice(run, sqlite_app):
    assert run("set", "--months", "12", "--yes").exit_code == 0
    said = run("set", "--never", "--yes").output
    assert said == "expiry     points do not expire\n"
    assert policies(sqlite_app) == ()


@pytest.mark.parametrize(
    "options", [(), ("--never", "--months", "3"), ("--months", "0"), ("--on", "soon")]
)
def test_unclear_policies_are_refused(run, sqlite_app, options):
    assert run("set", *options, "--yes").exit_code == 2
    assert policies(sqlite_app) == ()


def test_impossible_policies_are_refused(run, sqlite_app):
    assert run("set", "--on", "2026-06-14", "--yes").exit_code == 1
    assert policies(sqlite_app) == ()


def test_stars_have_policies_of_their_own_until_they_join_the_points(run, sqlite_app):
    done = run("set", "--unit", "stars", "--months", "3", "--yes").output
    assert done == "stars      3 months after earning, at the end of the day\n"
    assert policies(sqlite_app) == ()
    told = [line for line in run("show").output.splitlines() if not line.startswith("2")]
    assert told[0] == "expiry     points do not expire"
    assert told[2] == "stars      3 months after earning, at the end of the day"
    assert told[3].split() == ["month", "members", "stars"]
    assert run("join", "stars").output == "stars      stars do not expire\n"
