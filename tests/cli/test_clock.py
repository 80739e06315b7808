"""`fairstar clock`: moving the test clock from the command line."""

from datetime import timedelta

import pytest

from server.core import clock
from server.core.errors import Refusal


def test_the_clock_is_shown_moved_and_not_set_back(fairstar):
    assert fairstar("clock", "show").output.startswith("There is no test clock; it is 2")
    moved = fairstar("clock", "advance", "--days", 40)
    assert moved.output.splitlines()[-1].startswith("It is 2")
    assert fairstar("clock", "show").output.splitlines()[-1].startswith("It is 2")
    with pytest.raises(Refusal, match="Something happened at"):
        fairstar("clock", "reset")


def test_a_clock_that_moved_a_little_goes_back(fairstar):
    soon = clock.machine_now() + timedelta(seconds=20)
    fairstar("clock", "advance", "--to", soon.isoformat())
    fairstar("clock", "reset")
    assert fairstar("clock", "show").output.startswith("There is no test clock")


def test_one_way_to_say_where_it_goes(fairstar):
    assert "Give one of" in fairstar("clock", "advance").output
    assert "Give one of" in fairstar("clock", "advance", "--days", 1, "--hours", 1).output
    assert "Not an instant" in fairstar("clock", "advance", "--to", "soon").output


def test_outside_test_mode_the_command_says_why(fairstar, monkeypatch):
    monkeypatch.setenv("FAIRSTAR_MODE", "development")
    with pytest.raises(Refusal, match="in test mode only"):
        fairstar("clock", "advance", "--days", 1)
