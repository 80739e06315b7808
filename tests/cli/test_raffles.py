"""Raffles as an operator types them."""

import json
import re

import pytest

from server.core.db import transaction
from server.gamification.raffle_acts.errors import DrawNeedsSecondPerson
from tests.builders.purchases import add_member, give, wallet
from tests.builders.raffles import christmas, enter, standing
from tests.fixtures.schema import running_app


@pytest.fixture
def shop(points_only, fairstar, clock_at, tmp_path):
    """A draft of a raffle, and what runs commands that must succeed."""
    file = tmp_path / "xmas.json"
    file.write_text(json.dumps(christmas(budget=300)), encoding="utf-8")

    def run(*words):
        result = fairstar(*words)
        assert result.exit_code == 0, result.output
        return result.output

    run("definitions", "create", "raffle", "xmas", file)
    return run


def buy(points_only, tickets):
    """Let somebody buy tickets; return the raffle and the member."""
    with running_app(points_only) as app, app.app_context(), transaction() as tx:
        raffle = tx.exec_driver_sql("SELECT id FROM raffle").scalar_one()
        member_id = add_member(tx)
        give(tx, member_id, 500)
        enter(tx, member_id, raffle, tickets)
        return raffle, member_id


def test_publishing_tells_what_it_means(shop):
    told = shop("raffles", "publish", "xmas").splitlines()
    assert re.fullmatch(r"xmas \(rfl_\w+\) is selling, version 1\.", told[0])
    assert re.fullmatch(r"rules: SHA-256 [0-9a-f]{64}", told[1])
    assert re.fullmatch(r"decides: round \d+ of drand, after 2026-12-02T14:32:0\dZ", told[2])
    assert told[3] == "prizes: 1 main, at least 3 consolation; at most 21 entrants"
    assert told[4].startswith("note: With 10 entrants of one ticket the prizes return")


def test_raffles_and_their_odds_are_listed(shop, points_only):
    shop("raffles", "publish", "xmas")
    assert "Nobody has entered yet." in shop("raffles", "odds", "xmas")
    for tickets in (1, 1, 3):
        buy(points_only, tickets)
    row = shop("raffles", "list").splitlines()[1].split()
    assert row[:6] == ["xmas", "selling", "3", "5", "1+3", "2026-12-02T14:30:00Z"]
    lines = shop("raffles", "odds", "xmas").splitlines()
    assert lines[0] == "Christmas draw: at least 1 in 4 wins something."
    assert [line.split() for line in lines[2:]] == [
        ["1", "2", "1", "in", "1", "1", "in", "5"],
        ["3", "1", "1", "in", "1", "1", "in", "1.7"],
    ]


def test_cancelling_takes_two_people_and_refunds(shop, fairstar, points_only):
    shop("raffles", "publish", "xmas")
    raffle, member_id = buy(points_only, 4)
    asked = shop("raffles", "cancel", "xmas", "--why", "Fire", "--by", "Eva")
    (act,) = re.findall(r"approve (rac_\w+)", asked)
    assert act in shop("raffles", "waiting")
    with pytest.raises(DrawNeedsSecondPerson):
        fairstar("raffles", "approve", act, "--by", "Eva")
    assert shop("raffles", "approve", act, "--by", "Finn").startswith("Cancelled.")
    shop("jobs", "run", "refund_raffles", "--now")
    with running_app(points_only) as app, app.app_context(), transaction() as tx:
        assert wallet(tx, member_id)["available"] == 500
        assert standing(tx, raffle).tickets == 0
    assert shop("raffles", "waiting") == ""
