"""The worker dies at twenty points of a draw; the result is the one it would have been.

Each time the work begins anew in a process that kills itself after so many calls of our functions,
so that the points lie everywhere between the first read and the last prize.
"""

import os
import signal
import sys
from contextlib import ExitStack

import pytest

from server.core.db import db, reading, snapshot, transaction
from server.gamification.invariants.service import check_all
from server.gamification.raffle_draws.drawing import work_out
from server.gamification.raffle_draws.telling import list_untold
from server.gamification.raffle_draws.types import WinState
from server.jobs import draw_raffles, settle_raffles
from tests.builders.draws import (
    DRAWS_AT,
    crowded_raffle,
    main_wins,
    round_for,
    seal,
    second_wins,
)
from tests.builders.members import VAULT
from tests.builders.purchases import open_shop
from tests.fixtures.schema import running_app
from tests.fixtures.serving import fresh_database

KILLS = 20


@pytest.fixture
def shop(kind, run_directory):
    """A shop with raffles that have closed, one more than kills."""
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(kind, run_directory))
        app = stack.enter_context(running_app(url, LOG_LEVEL="error"))
        with app.app_context(), transaction() as tx:
            open_shop(tx)
            raffles = [crowded_raffle(tx, 12, f"draw-{n}") for n in range(KILLS + 1)]
        yield app, raffles


def sealed(app, raffle):
    """Seal a raffle and return what must come of it."""
    with app.app_context(), transaction() as tx:
        seal(tx, raffle)
        return work_out(tx, raffle, round_for(tx, raffle), VAULT).drawn


def work():
    """Draw what is sealed, and do all that follows."""
    draw_raffles.draw(now=DRAWS_AT, limit=10)
    settle_raffles.run(now=DRAWS_AT, limit=1000)


class Doom:
    """Counts calls of our own functions and kills the process at one of them."""

    def __init__(self, last):
        self.calls, self.last = 0, last

    def __call__(self, frame, event, _argument):
        if event == "call" and "/server/" in frame.f_code.co_filename:
            self.calls += 1
            if self.calls == self.last:
                os.kill(os.getpid(), signal.SIGKILL)


def in_a_child(app, last=0):
    """Work in a process that dies at its call number `last`; return how it ended, and its calls."""
    with app.app_context():
        db.engine.dispose()
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        _die_or_work(app, Doom(last), sender)
    os.close(sender)
    _, status = os.waitpid(child, 0)
    told = os.read(receiver, 20)
    os.close(receiver)
    return os.waitstatus_to_exitcode(status), int(told or 0)


def _die_or_work(app, doom, sender):
    """Work in the child, which never returns: it is killed, fails or ends well."""
    try:
        with app.app_context():
            sys.setprofile(doom)
            work()
            sys.setprofile(None)
        os.write(sender, str(doom.calls).encode())
        os._exit(0)
    finally:
        os._exit(1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_draws_that_are_killed_at_twenty_points_have_the_same_result(shop, kind):
    app, (first, *raffles) = shop
    sealed(app, first)
    _, calls = in_a_child(app)
    for number, raffle in enumerate(raffles, 1):
        expected = sealed(app, raffle)
        died, _ = in_a_child(app, calls * number // (KILLS + 2))
        assert died == -signal.SIGKILL
        assert in_a_child(app)[0] == 0
        assert_drawn(app, raffle, expected)
    with app.app_context(), snapshot() as tx:
        assert list_untold(tx) == []
        assert check_all(tx, DRAWS_AT) == []


def assert_drawn(app, raffle, expected):
    with app.app_context(), reading() as tx:
        main, second = main_wins(tx, raffle), second_wins(tx, raffle)
    assert places(main) == places(expected.main)
    assert places(second) == places(expected.second)
    assert {win.state for win in second} == {WinState.GIVEN}


def places(ranked):
    return [(one.place, one.entrant) for one in ranked]
