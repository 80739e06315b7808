"""`fairstar programme transfers`: off, on with limits, changed, off again."""

import pytest
from click.testing import CliRunner

from server.cli import cli
from server.core.audit import AUDIT
from server.core.db import reading, transaction
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import TransferPolicy
from tests.builders.purchases import NOW, change_settings, open_shop
from tests.fixtures.command_line import variables
from tests.fixtures.tables import rows_of


@pytest.fixture
def run(sqlite_app, sqlite_database, monkeypatch, clock_at):
    with sqlite_app.app_context(), transaction() as tx:
        open_shop(tx, NOW)
    for name, value in variables(sqlite_database).items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(cli, ["programme", "transfers", *words])


@pytest.mark.parametrize(("clawback", "is_told"), [("clamp", True), ("debt", False)])
def test_who_forgives_what_was_given_away_is_told_so(run, sqlite_app, clawback, is_told):
    with sqlite_app.app_context(), transaction() as tx:
        change_settings(tx, NOW, clawback=clawback)
    assert ("is forgiven them" in run("--on").output) is is_told


def policy(app):
    with app.app_context(), reading() as tx:
        return get_programme(tx).policies.transfers


def test_transfers_are_switched_on_changed_and_switched_off(run, sqlite_app):
    assert run().output == "Members cannot give each other anything.\n"
    said = run("--on", "--most", "500").output
    expected = "Members give each other points: 1 to 500 at once, 1,000 on a day, from day 30"
    assert said == f"{expected} after joining.\n"
    assert run("--least", "10").exit_code == 0
    assert policy(sqlite_app) == TransferPolicy(least=10, most=500)
    assert run("--off").exit_code == 0
    assert policy(sqlite_app) is None
    entries = [row["action"] for row in rows_of(sqlite_app)[AUDIT.name]]
    assert entries.count("programme.changed") == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--most", "5"], "say --on as well"),
        (["--on", "--unit", "gold"], "There is no unit gold"),
        (["--on", "--least", "50", "--most", "49"], "at most the most"),
        (["--on", "--most", "2000"], "at most the day's"),
    ],
)
def test_what_cannot_be_is_refused(run, sqlite_app, words, told):
    before = rows_of(sqlite_app)
    answer = run(*words)
    assert answer.exit_code == 2
    assert told in answer.output
    assert rows_of(sqlite_app) == before
