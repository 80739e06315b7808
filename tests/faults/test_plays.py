"""The web process dies while members play: what was answered stays, a retry has the same outcome.

Each player asks again with the same key until there is an answer, as apps do after a crash.
"""

import random
import threading
import time
from dataclasses import dataclass, field

import pytest
import requests

from server.core.db import transaction
from tests.builders.instant_wins import open_game, prize
from tests.builders.members import bearer
from tests.fixtures.schema import running_app
from tests.fixtures.serving import WebProcess, fairstar, fresh_database, serving

KILLS = 8
PATIENCE_SECONDS = 60


@dataclass
class Table:
    """Where members play, and what each key was answered."""

    web: WebProcess
    answers: dict[str, str] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


def player(table: Table, name: str, headers: dict[str, str]) -> None:
    """Play and play again; a play without an answer is asked for until it has one."""
    count = 0
    while not table.over.is_set():
        count += 1
        key = f"{name}-{count}"
        outcome = outcome_of(table, key, headers)
        while outcome is None and not table.over.is_set():
            time.sleep(0.02)
            outcome = outcome_of(table, key, headers)
        if outcome is not None:
            table.answers[key] = outcome


def outcome_of(table: Table, key: str, headers: dict[str, str]) -> str | None:
    """Play under a key; return id and outcome, None without an answer."""
    url = f"{table.web.url}/v1/me/games/wheel/plays"
    try:
        answer = requests.post(url, json={}, headers=headers | {"Idempotency-Key": key}, timeout=20)
    except requests.RequestException:
        return None
    if answer.status_code != 201:
        table.unexpected.append(f"{key}: {answer.status_code} {answer.text}")
        return None
    return told(answer.json())


def told(body: dict[str, dict[str, object]]) -> str:
    """What must never change about a play."""
    return f"{body['play']['id']} {body['play']['outcome']} {body['reveal']['segment_index']}"


def kill_again_and_again(table: Table) -> None:
    """Let them play until a moment that nobody can foresee, kill, start again."""
    dice = random.Random(4711)
    for _ in range(KILLS):
        enough, deadline = len(table.answers) + dice.randrange(1, 20), time.monotonic()
        while len(table.answers) < enough:
            assert time.monotonic() < deadline + PATIENCE_SECONDS, "the players were not answered"
            time.sleep(0.001)
        table.web.kill()
        table.web.start()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_play_has_one_outcome_however_often_the_server_dies(run_directory, kind):
    with fresh_database(kind, run_directory) as url, serving(url) as (web, cast):
        with running_app(url) as app, app.app_context(), transaction() as tx:
            open_game(tx, free_per_day=100, mode="never_unlucky", prizes=[prize(stock=5)])
        table = Table(web)
        headers = [bearer(tokens.access_token) for tokens in (cast.ana_tokens, cast.ben_tokens)]
        names = list(zip(("ana", "ben"), headers, strict=True))
        players = [threading.Thread(target=player, args=(table, *one)) for one in names]
        for one in players:
            one.start()
        try:
            kill_again_and_again(table)
        finally:
            table.over.set()
            for one in players:
                one.join(timeout=60)
        of = dict(names)
        again = {key: outcome_of(table, key, of[key[:3]]) for key in table.answers}
        assert (again, table.unexpected) == (table.answers, [])
        check = fairstar(url, "check")
        assert check.returncode == 0, check.stdout + check.stderr
