"""A round counts when two mirrors agree and its signature is right; anything else waits."""

from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from socket import socket

import pytest

from server.core.db import transaction
from server.core.installation import installation
from server.gamification.beacons.errors import RoundLate, RoundPublic, RoundWrong
from server.gamification.beacons.local import LocalBeacon
from server.gamification.beacons.port import RECORDED, FixtureBeacon
from server.gamification.beacons.rules import QUICKNET
from server.gamification.beacons.types import Fixed, Source
from server.integrations.beacons import beacon_of
from server.integrations.drand.beacon import DrandBeacon
from server.integrations.drand.mirrors import ask
from tests.builders.purchases import NOW
from tests.integrations.drand.mirror import (
    dripping,
    good,
    mirror,
    silent,
    with_body,
    with_fields,
    with_status,
)

FIXED = Fixed(Source.DRAND, QUICKNET.hash, 657413)
GIVEN = replace(RECORDED[657413], source=Source.DRAND)
FORGED = with_fields(
    signature=RECORDED[1000].signature, randomness=RECORDED[1000].randomness
)  # the same mistake at every mirror


def fetch(*answers, seconds=5.0):
    with ExitStack() as stack:
        mirrors = [stack.enter_context(mirror(answer)) for answer in answers]
        return DrandBeacon(mirrors, seconds).fetch(FIXED)


@pytest.mark.parametrize(
    "answers",
    [
        (good, good),
        (with_status(404), good, good),
        (good, with_body(b"<html>"), good),
        (FORGED, good, good),
        (good, silent, good),
    ],
)
def test_two_mirrors_that_agree_give_the_round(answers):
    assert fetch(*answers, seconds=0.5) == GIVEN


@pytest.mark.parametrize("status", [404, 425, 429, 500, 503])
def test_a_late_round_is_asked_for_again(status):
    with pytest.raises(RoundLate, match=str(status)):
        fetch(with_status(status), with_status(status))


@pytest.mark.parametrize("other", [with_status(404), with_status(425), silent])
def test_one_mirror_alone_is_not_believed(other):
    with pytest.raises(RoundLate):
        fetch(good, other, seconds=0.5)


def test_mirrors_that_differ_give_no_round():
    with pytest.raises(RoundWrong, match="different rounds"):
        fetch(good, FORGED)


def test_mirrors_that_agree_on_a_wrong_signature_give_no_round():
    with pytest.raises(RoundWrong, match="not quicknet's of this round"):
        fetch(FORGED, FORGED, good)


def test_a_wrong_randomness_gives_no_round():
    with pytest.raises(RoundWrong, match="randomness"):
        fetch(*[with_fields(randomness="00" * 32)] * 2)


@pytest.mark.parametrize(
    "answer",
    [
        with_body(b""),
        with_body(b"null"),
        with_body(b"[]"),
        with_body(b"{}"),
        with_body(b"\xff\xfe"),
        with_body(b"[" * 4000),
        with_body(b" " * 100_000 + b"{}"),
        with_fields(round=657414),
        with_fields(round="657413"),
        with_fields(signature=None),
        with_fields(signature="xyz"),
        with_fields(randomness=["a"]),
        with_status(302, Location="http://127.0.0.1:1/"),
        with_status(400),
        with_status(403),
    ],
)
def test_garbage_gives_no_round(answer):
    with pytest.raises(RoundWrong):
        fetch(answer, answer)


@pytest.mark.parametrize("answer", [dripping, silent])
def test_nobody_waits_longer_than_was_said(answer):
    with mirror(answer) as address, pytest.raises(RoundLate, match="TimeoutError"):
        ask(address, QUICKNET.hash, 657413, 0.3)


def test_a_mirror_that_is_not_there_is_late():
    with closing(socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(RoundLate, match="cannot be reached"):
        DrandBeacon([address, address], 0.5).fetch(FIXED)


def test_the_round_of_a_close_is_fixed_and_known_afterwards():
    beacon = DrandBeacon([])
    fixed = beacon.fix(NOW + timedelta(days=1), NOW)
    assert (fixed.source, fixed.chain_hash) == (Source.DRAND, QUICKNET.hash)
    waiting = beacon.draws_at(NOW + timedelta(days=1)) - NOW - timedelta(days=1)
    assert timedelta(seconds=117) < waiting <= timedelta(seconds=120)
    with pytest.raises(RoundPublic):
        beacon.fix(NOW - timedelta(days=1), NOW)


def test_every_source_has_its_beacon(app):
    with app.app_context(), transaction() as tx:
        made = {source: type(beacon_of(source, tx, installation())) for source in Source}
    assert made == {
        Source.DRAND: DrandBeacon, Source.LOCAL: LocalBeacon, Source.FIXTURE: FixtureBeacon
    }  # fmt: skip
