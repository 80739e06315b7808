"""The worker opens games, ends them and tells their seeds; the commands show it."""

import json
import re
from datetime import timedelta

import pytest

from server.core.db import reading, transaction
from server.gamification.definitions.service import install
from server.gamification.games.queries import next_game_end_at
from server.gamification.games.settings import GAMES
from server.gamification.invariants.service import check_all
from server.jobs import games
from tests.builders.instant_wins import (
    EVA,
    credits_of,
    editions,
    give_plays,
    open_game,
    play,
    wheel,
)
from tests.builders.members import VAULT
from tests.builders.purchases import NOW, add_member, open_shop

DAY = timedelta(days=1)


@pytest.fixture
def ana(app):
    with app.app_context():
        with transaction() as tx:
            open_shop(tx)
            member_id = add_member(tx)
        yield member_id


def test_a_published_game_opens_and_ends_by_itself_once(ana):
    with transaction() as tx:
        install(tx, GAMES, "wheel", wheel(ends_at="2026-11-24T14:30:00Z"), EVA, NOW)
        assert editions(tx) == []
    assert [games.run(now=NOW) for _ in range(2)] == [1, 0]
    with reading() as tx:
        assert next_game_end_at(tx, NOW) == NOW + 2 * DAY
    assert games.run(now=NOW + 2 * DAY - timedelta(seconds=1)) == 0
    assert [games.run(now=NOW + 2 * DAY) for _ in range(2)] == [1, 0]
    with reading() as tx:
        (edition,) = editions(tx)
        assert (edition.ended_at, len(edition.seed)) == (NOW + 2 * DAY, 64)
        assert next_game_end_at(tx, NOW + 2 * DAY) is None
        assert check_all(tx, NOW + 2 * DAY, vault=VAULT) == []


def test_plays_past_their_date_end(ana):
    with transaction() as tx:
        game = open_game(tx, plays_days=3)
        give_plays(tx, ana, 2)
        play(tx, ana, game, "free")
        play(tx, ana, game, "given")
    with reading() as tx:
        assert next_game_end_at(tx, NOW) == NOW + 3 * DAY
    assert games.run(now=NOW + 3 * DAY) == 1
    with reading() as tx:
        assert credits_of(tx, ana) == [(0, 1, 0, 1)]


def test_an_edition_opens_again_only_with_a_new_version(ana):
    with transaction() as tx:
        open_game(tx)
    assert games.run(now=NOW) == 0
    with reading() as tx:
        assert len(editions(tx)) == 1


def test_the_commands_show_a_game_try_it_and_tell_its_seed(fairstar, tmp_path):
    def run(*words):
        result = fairstar(*words)
        assert result.exit_code == 0, result.output
        return result.output

    file = tmp_path / "wheel.json"
    file.write_text(json.dumps(wheel()), encoding="utf-8")
    assert "at 99.9 % at most 39" in run("definitions", "check", "game", file)
    assert "10000 plays: about 2500 wins" in run(
        "definitions", "create", "game", "wheel", file, "--publish"
    )
    assert "opens with the next turn of the worker" in run("games", "list")
    assert re.search(r"version 1  hash [0-9a-f]{64}  running", run("games", "reveal", "wheel"))
    assert "plays: none yet" in run("games", "list")
    tried = run("games", "simulate", "wheel", "--plays", "4000")
    won = int(tried.split()[0])
    assert 800 < won < 1200
    assert "1000 are expected" in tried
