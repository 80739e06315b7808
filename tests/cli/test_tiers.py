"""The commands about tiers, as an operator types them."""

import re

import pytest
from click.testing import CliRunner

from server.cli import cli
from server.core.db import transaction
from server.core.errors import Refusal
from server.gamification.presets.service import apply_preset
from tests.builders.members import NOW
from tests.fixtures.command_line import variables
from tests.fixtures.schema import running_app


@pytest.fixture
def run(sqlite_database, monkeypatch):
    with running_app(sqlite_database) as app, app.app_context(), transaction() as tx:
        apply_preset(tx, "four_metals", NOW)
    for name, value in variables(sqlite_database).items():
        monkeypatch.setenv(name, value)

    def run_command(*words):
        result = CliRunner().invoke(cli, words)
        if isinstance(result.exception, Refusal):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return run_command


def enrolled(run):
    return re.findall(r"mem_\w+", run("members", "add", "--first-name", "Ana"))[0]


def test_a_tier_is_given_locked_and_ended(run):
    ana = enrolled(run)
    words = ("members", "tier", ana, "gold", "--reason", "a friend")
    assert run(*words) == f"{ana} is gold.\n"
    said = run(*words, "--lock", "--until", "2099-12-31")
    assert said == f"{ana} is gold until 2099-12-31, locked.\n"
    assert run("members", "unlock-tier", ana, "--reason", "enough") == f"{ana} is bronze.\n"
    with pytest.raises(Refusal):
        run("members", "tier", ana, "diamond", "--reason", "why not")


def test_how_tiers_are_kept_is_shown_and_changed(run):
    shown = run("tiers", "show")
    assert "tier       gold: 2000\ntier       platinum: invitation\n" in shown
    assert "counts     qualifying_points over the membership\n" in shown
    changed = run(
        "tiers", "change", "--window", "calendar", "--keep", "next_period",
        "--counting-from", "next_period", "--grace-days", "10", "--idle-months", "2",
    )  # fmt: skip
    assert re.search(r"over calendar, 12 months, from \d{4}-01-01\n", changed)
    assert "to the end of the next_period, then recompute\ngrace      10 days\n" in changed
    assert "over calendar, 3 months" in run("tiers", "change", "--months", "3")
    with pytest.raises(Refusal):
        run("tiers", "change", "--months", "5")


def test_a_review_may_be_run_by_hand(run):
    ana = enrolled(run)
    run("members", "tier", ana, "gold", "--reason", "trial", "--until", "2020-01-31")
    assert "1 reviewed, 0 looked at for risk" in run("tiers", "review")
    assert "0 reviewed" in run("tiers", "review")
