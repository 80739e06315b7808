"""`fairstar programme`: what can be started from, and what is in force."""

import pytest
from click.testing import CliRunner

from server.cli import cli
from server.core.errors import Refusal
from tests.fixtures.command_line import variables


@pytest.fixture
def run(sqlite_database, monkeypatch):
    for name, value in variables(sqlite_database).items():
        monkeypatch.setenv(name, value)

    def run_command(*words):
        result = CliRunner().invoke(cli, ["programme", *words])
        if isinstance(result.exception, Refusal):
            raise result.exception
        return result.output

    return run_command


def test_presets_are_listed_with_what_they_are(run):
    listed = run("presets")
    for key in ("four_metals", "points_only", "progressive_discount"):
        assert f"\n{key} " in f"\n{listed}"


def test_a_preset_is_put_in_force_with_its_own_name_money_and_zone(run):
    options = ("--name", "Kohvik", "--currency", "gbp", "--zone", "Europe/London")
    said = run("setup", "four_metals", *options)
    assert said == run("show")
    for line in (
        "name       Kohvik",
        "currency   GBP",
        "zone       Europe/London",
        "expiry     12 months after earning, at the end of the month",
        "unit       points, one is worth £1.00",
        "earn rule  1 point for each 10: 1 point for each £10.00",
        "tier       Silver: from 500 qualifying points, earns x1.5, 10% off",
        "tier       Platinum: by invitation, earns x3, 20% off",
    ):
        assert line in said.splitlines()


def test_rules_of_every_unit_are_shown(run):
    rules = [line for line in run("setup", "stars_coffee").splitlines() if line[:9] == "earn rule"]
    assert any(" star" in line for line in rules)


def test_a_programme_is_set_up_once(run):
    run("setup", "points_only")
    with pytest.raises(Refusal, match="already set up"):
        run("setup", "four_metals")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("setup", "points_only", "--currency", "XYZ"), "Not a currency code"),
        (("setup", "points_only", "--currency", "euros"), "Not a currency code"),
    ],
)
def test_impossible_settings_are_refused(run, words, sentence):
    assert sentence in run(*words)
    with pytest.raises(Refusal, match="not set up yet"):
        run("show")


@pytest.mark.parametrize(
    "words", [("setup", "five_metals"), ("setup", "points_only", "--zone", "Mars/Olympus")]
)
def test_unknown_presets_and_zones_are_refused(run, words):
    with pytest.raises(Refusal):
        run(*words)
    with pytest.raises(Refusal, match="not set up yet"):
        run("show")
