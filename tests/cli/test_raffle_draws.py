"""Sealing, drawing and what comes after it, as an operator types it."""

import json
import re

import pytest

from server.core.db import transaction
from server.gamification.raffle_draws.errors import DrawNotDue
from tests.builders.draws import DRAWS_AT, enter_many, main_wins
from tests.builders.raffles import CLOSES_AT, DAY, christmas
from tests.contract.test_verifiers import python_verifier
from tests.fixtures.schema import running_app

TWO = [{"names": {"en": "Dinner"}, "value_minor": 30_00, "quantity": 2}]


@pytest.fixture
def shop(points_only, fairstar, clock_at, tmp_path):
    """A raffle that twelve have entered, and what runs commands that must succeed."""
    file = tmp_path / "xmas.json"
    settings = christmas(prizes=TWO, beacon="fixture", budget=300)
    file.write_text(json.dumps(settings), encoding="utf-8")

    def run(*words):
        result = fairstar(*words)
        assert result.exit_code == 0, result.output
        return result.output

    run("definitions", "create", "raffle", "xmas", file)
    run("raffles", "publish", "xmas")
    in_shop(points_only, lambda tx, raffle: enter_many(tx, raffle, 12))
    return run


def in_shop(database, step):
    with running_app(database) as app, app.app_context(), transaction() as tx:
        return step(tx, tx.exec_driver_sql("SELECT id FROM raffle").scalar_one())


@pytest.fixture
def drawn(shop, clock_at):
    """The raffle, drawn."""
    clock_at.instant = CLOSES_AT
    shop("raffles", "seal", "xmas", "--by", "Eva")
    clock_at.instant = DRAWS_AT
    shop("raffles", "draw", "xmas", "--by", "Eva")
    return shop


def test_sealing_and_drawing_by_hand(shop, fairstar, clock_at):
    with pytest.raises(DrawNotDue):
        fairstar("raffles", "seal", "xmas", "--by", "Eva")
    clock_at.instant = CLOSES_AT
    assert "xmas is sealed." in shop("raffles", "seal", "xmas", "--by", "Eva")
    assert shop("raffles", "seal", "xmas", "--by", "Eva") == "xmas was sealed already.\n"
    assert shop("raffles", "verify", "xmas") == "RIGHT: sealed list, signature.\n"
    with pytest.raises(DrawNotDue):
        fairstar("raffles", "draw", "xmas", "--by", "Eva")
    clock_at.instant = DRAWS_AT
    assert "xmas is drawn." in shop("raffles", "draw", "xmas", "--by", "Eva")
    assert shop("raffles", "draw", "xmas", "--by", "Eva") == "xmas was drawn already.\n"
    assert shop("raffles", "verify", "xmas").startswith("RIGHT: sealed list, signature, round")


def test_what_is_exported_is_right_for_the_verifier(drawn):
    proof = json.loads(drawn("raffles", "export", "xmas", "proof"))
    notes = python_verifier().verify(proof, drawn("raffles", "export", "xmas", "entries"))
    assert not [note for note in notes if "operator" in note]


def test_a_winner_that_was_changed_is_seen(drawn, fairstar, points_only):
    change = "UPDATE raffle_win SET entrant = 'ab' WHERE place = 1 AND draw = 'main'"
    in_shop(points_only, lambda tx, _: tx.exec_driver_sql(change))
    result = fairstar("raffles", "verify", "xmas")
    assert (result.exit_code, "WRONG: the winners" in result.output) == (1, True)


def test_a_prize_passes_on_when_two_people_say_so(drawn, points_only):
    first, second = drawn("raffles", "winners", "xmas").splitlines()[:2]
    assert first.split()[1:6] == ["prize", "1", "place", "1", "won"]
    options = ("--prize", first.split()[0], "--why", "Works here", "--by", "Eva")
    (act,) = re.findall(r"approve (rac_\w+)", drawn("raffles", "void", "xmas", *options))
    drawn("raffles", "approve", act, "--by", "Finn")
    lines = drawn("raffles", "winners", "xmas").splitlines()
    assert [line.split()[2:6] for line in lines[:3]] == [
        ["1", "place", "1", "void"],
        ["2", "place", "2", "won"],
        ["1", "place", "3", "won"],
    ]
    assert lines[1].startswith(second.split()[0])
    assert lines[3] == "3 consolation prizes, 0 given"


def test_a_substitute_is_asked_for_and_approved(drawn):
    options = ("--place", "1", "--value-minor", "3000", "--why", "Sold out", "--by", "Eva")
    asked = drawn("raffles", "substitute", "xmas", "--name", "en=Brunch", *options)
    (act,) = re.findall(r"approve (rac_\w+)", asked)
    assert "public page" in drawn("raffles", "approve", act, "--by", "Finn")


def test_members_are_void_before_the_draw_without_a_second_person(shop, clock_at, points_only):
    clock_at.instant = CLOSES_AT
    shop("raffles", "seal", "xmas", "--by", "Eva")
    asked = "SELECT min(member_id) FROM raffle_entry"
    member_id = in_shop(points_only, lambda tx, _: tx.exec_driver_sql(asked).scalar_one())
    options = ("--member", member_id, "--why", "Works here", "--by", "Eva")
    assert shop("raffles", "void", "xmas", *options) == "It is void.\n"


def test_what_people_hand_over_is_noted(drawn, clock_at, points_only):
    [win, *_] = in_shop(points_only, main_wins)
    clock_at.instant = DRAWS_AT + 7 * DAY
    claim = f"UPDATE raffle_win SET state = 'claimed', claimed_at = won_at WHERE id = '{win.id}'"
    in_shop(points_only, lambda tx, _: tx.exec_driver_sql(claim))
    assert drawn("raffles", "deliver", win.id, "--by", "Eva") == "Noted.\n"


def test_what_a_raffle_would_cost_is_simulated(shop):
    told = shop("raffles", "simulate", "xmas", "--members", "22", "--tickets", "40")
    assert told.splitlines()[0].startswith("cost in points: expected ")
    assert told == shop("raffles", "simulate", "xmas", "--members", "22", "--tickets", "40")


def test_the_jobs_do_it_all(shop, clock_at):
    clock_at.instant = CLOSES_AT
    shop("jobs", "run", "seal_raffles", "--now")
    clock_at.instant = DRAWS_AT
    shop("jobs", "run", "draw_raffles", "--now")
    shop("jobs", "run", "settle_raffles", "--now")
    assert shop("raffles", "winners", "xmas").splitlines()[-1] == "3 consolation prizes, 3 given"
