"""Challenges on a database: joining, counting, claiming, and what returns undo."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select

from server.core.errors import Refusal
from server.core.outbox import OUTBOX
from server.gamification.challenges import errors
from server.gamification.challenges.queries import live_rounds
from server.gamification.challenges.service import claim, join, leave
from server.gamification.invariants.service import check_all
from server.gamification.screens.counted import counted_activities
from tests.builders.games import ANYBODY, DAY, MONDAY, done, item
from tests.builders.playing import open_challenge, play, play_facts, rewards, rounds, undo
from tests.builders.purchases import add_member, balances, open_shop

ANA = "member:ana"
LATER = MONDAY + 30 * DAY


@pytest.fixture
def ana(tx: Connection) -> str:
    """A member of a shop with the four metals."""
    open_shop(tx, MONDAY)
    return add_member(tx, MONDAY)


def points(tx: Connection, member_id: str) -> int:
    return balances(tx, member_id)[0]


def topics(tx: Connection) -> list[str]:
    told = tx.execute(select(OUTBOX.c.topic).order_by(OUTBOX.c.id)).scalars()
    return [topic for topic in told if topic.startswith("challenge.")]


def test_what_is_done_waits_to_be_claimed_and_is_given_once(tx: Connection, ana: str) -> None:
    three = open_challenge(tx)
    for day in range(3):
        play(tx, ana, MONDAY + day * DAY)
    assert (rounds(tx, ana), rewards(tx, ana)) == ([(1, 3, True)], [("end", 0, "due")])
    assert points(tx, ana) == 0
    claimed = claim(tx, ana, three, ANA, LATER)
    assert [part.benefit.amount for given in claimed.given for part in given.parts] == [50]
    assert points(tx, ana) == 50
    with pytest.raises(errors.AlreadyClaimed):
        claim(tx, ana, three, ANA, LATER)
    assert topics(tx) == ["challenge.progressed", "challenge.progressed", "challenge.completed"]
    assert check_all(tx, LATER) == []


def test_what_comes_by_itself_is_given_at_once(tx: Connection, ana: str) -> None:
    open_challenge(
        tx,
        milestones=[{"at": 2, "benefits": [{"kind": "points", "amount": 5}]}],
        claim={"mode": "automatic"},
    )
    for day, held in ((0, 0), (1, 5), (2, 55), (3, 55)):
        play(tx, ana, MONDAY + day * DAY)
        assert points(tx, ana) == held
    assert rewards(tx, ana) == [("at:2", 0, "given"), ("end", 0, "given")]
    assert check_all(tx, LATER) == []


def test_a_batch_counts_like_one_after_the_other(tx: Connection, ana: str) -> None:
    open_challenge(tx, repeat={"times": 0}, claim={"mode": "automatic"}, target=2)
    batch = [
        replace(done(MONDAY + n * DAY), activity_id=f"act_{n}", member_id=ana) for n in range(5)
    ]
    play_facts(tx, *batch)
    assert rounds(tx, ana) == [(1, 2, True), (2, 2, True), (3, 1, False)]
    assert points(tx, ana) == 100
    assert check_all(tx, LATER) == []


def refusal(tx: Connection, ana: str, three: Any, at: Any = MONDAY) -> Refusal:
    with pytest.raises(Refusal) as refused:
        claim(tx, ana, three, ANA, at)
    return refused.value


def test_nothing_can_be_claimed_too_early_or_too_late(tx: Connection, ana: str) -> None:
    three = open_challenge(tx, claim={"mode": "manual", "days": 7})
    assert refusal(tx, ana, three).params == {"current": 0, "target": 3, "missing": 3}
    play(tx, ana)
    early = refusal(tx, ana, three)
    assert (early.code, early.params["missing"]) == ("challenge_not_completed", 2)
    play(tx, ana)
    play(tx, ana)
    assert refusal(tx, ana, three, MONDAY + 8 * DAY).code == "challenge_ended"
    claim(tx, ana, three, ANA, MONDAY + 7 * DAY)
    assert points(tx, ana) == 50


def test_a_challenge_counts_from_joining_until_leaving(tx: Connection, ana: str) -> None:
    three = open_challenge(tx, opt_in=True)
    play(tx, ana)
    assert rounds(tx, ana) == []
    first = join(tx, ana, three, ANYBODY, MONDAY + DAY)
    assert join(tx, ana, three, ANYBODY, MONDAY + 2 * DAY) == first
    play(tx, ana, MONDAY + 2 * DAY)
    leave(tx, ana, three, ANYBODY, MONDAY + 3 * DAY)
    leave(tx, ana, three, ANYBODY, MONDAY + 3 * DAY)
    play(tx, ana, MONDAY + 4 * DAY)
    assert rounds(tx, ana) == [(1, 1, False)]
    join(tx, ana, three, ANYBODY, MONDAY + 5 * DAY)
    play(tx, ana, MONDAY + 6 * DAY)
    assert rounds(tx, ana) == [(1, 2, False)]
    assert check_all(tx, LATER) == []


TOMORROW = "2026-11-17T00:00:00Z"


@pytest.mark.parametrize(
    ("settings", "day", "code"),
    [
        ({"opt_in": False}, 0, "enrolment_not_offered"),
        ({"requires": {"tiers": ["gold"]}}, 0, "challenge_locked"),
        ({"window": {"starts_at": TOMORROW}}, 0, "challenge_not_started"),
        ({"window": {"ends_at": TOMORROW}}, 1, "challenge_ended"),
    ],
)
def test_who_cannot_join_is_told_why(
    tx: Connection, ana: str, settings: Any, day: int, code: str
) -> None:
    three = open_challenge(tx, **{"opt_in": True, **settings})
    with pytest.raises(Refusal) as refused:
        join(tx, ana, three, ANYBODY, MONDAY + day * DAY)
    assert (refused.value.code, rounds(tx, ana)) == (code, [])


def test_what_is_done_cannot_be_left(tx: Connection, ana: str) -> None:
    three = open_challenge(tx, opt_in=True, target=1)
    join(tx, ana, three, ANYBODY, MONDAY)
    play(tx, ana)
    with pytest.raises(errors.ChallengeCompleted):
        leave(tx, ana, three, ANYBODY, MONDAY)


def test_a_return_takes_back_exactly_what_hung_on_it(tx: Connection, ana: str) -> None:
    three = open_challenge(tx, repeat={"times": 0})
    facts = [play(tx, ana, MONDAY + day * DAY) for day in range(3)]
    claim(tx, ana, three, ANA, LATER)
    (setback,) = undo(tx, facts[1])
    assert [given.parts[0].state for given in setback.taken] == ["taken"]
    assert (rounds(tx, ana), points(tx, ana)) == ([(1, 2, False)], 0)
    assert undo(tx, facts[1]) == []
    play(tx, ana, MONDAY + 3 * DAY)
    claim(tx, ana, three, ANA, LATER)
    assert rewards(tx, ana) == [("end", 0, "taken"), ("end", 1, "given")]
    assert (rounds(tx, ana), points(tx, ana)) == ([(1, 3, True)], 50)
    assert check_all(tx, LATER) == []


def test_what_is_to_be_kept_is_kept_and_not_given_again(tx: Connection, ana: str) -> None:
    three = open_challenge(tx, on_refund="keep", claim={"mode": "automatic"})
    facts = [play(tx, ana, MONDAY + day * DAY) for day in range(3)]
    undo(tx, facts[0])
    assert (rounds(tx, ana), points(tx, ana)) == ([(1, 2, True)], 50)
    play(tx, ana, MONDAY + 3 * DAY)
    assert (rounds(tx, ana), points(tx, ana)) == ([(1, 3, True)], 50)
    assert three.key == "three"
    assert check_all(tx, LATER) == []


def test_a_partial_return_takes_what_is_gone(tx: Connection, ana: str) -> None:
    three = open_challenge(
        tx, "spend", target=20_00, filter={"categories": ["coffee"]}, claim={"mode": "automatic"}
    )
    lines = (item("coffee", 15_00), item("cake", 5_00))
    fact = play(tx, ana, items=lines)
    second = play(tx, ana, MONDAY + DAY, items=lines)
    assert (rounds(tx, ana), points(tx, ana)) == ([(1, 30_00, True)], 50)
    undo(tx, fact, replace(fact, items=(item("coffee", 15_00),), amount_minor=15_00))
    assert (rounds(tx, ana), points(tx, ana)) == ([(1, 30_00, True)], 50)
    undo(tx, fact, replace(fact, items=(item("coffee", 4_00),), amount_minor=4_00))
    assert (rounds(tx, ana), points(tx, ana)) == ([(1, 19_00, False)], 0)
    key = (ana, three.id, 1)
    assert [row[0] for row in counted_activities(tx, key)] == [second.activity_id, fact.activity_id]
    assert check_all(tx, LATER) == []


def test_what_an_activity_reads_does_not_grow_with_what_was_done(tx: Connection, ana: str) -> None:
    three = open_challenge(tx, repeat={"times": 0}, target=2)
    for day in range(13):
        play(tx, ana, MONDAY + day * DAY)
    assert [one.round for one in live_rounds(tx, ana, three.id)] == [7]
    assert len(rounds(tx, ana)) == 7
    assert check_all(tx, LATER) == []
