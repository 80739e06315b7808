"""The draw passes an audit, and the audit catches every draw that is not fair."""

import hashlib
import hmac
from dataclasses import replace
from itertools import count
from random import Random

import pytest

from server.gamification.draws.drawing import draw
from server.gamification.draws.types import MainPlace
from tests.gamification.draws.auditing import faults

TICKS = count()


def rigged_now_and_then(manifest, tickets, seed, void):
    """In one raffle of twenty a friend has the first prize."""
    drawn = draw(manifest, tickets, seed, void)
    friend = min(ticket.entrant for ticket in tickets)
    if seed[0] % 20 or friend in {place.entrant for place in drawn.second}:
        return drawn
    rest = [place for place in drawn.main if place.entrant != friend][: len(drawn.main) - 1]
    return replace(drawn, main=(MainPlace(1, "", friend), *rest))


def shuffled_by_the_clock(manifest, tickets, seed, void):
    """The seed is there and not used: what decides is when it was drawn."""
    return draw(manifest, tickets, Random(next(TICKS)).randbytes(32), void)


def cut_to_eight_bits(manifest, tickets, seed, void):
    """Hashes are compared by their first byte; ties fall to the order of storage."""
    ranked = sorted(tickets, key=lambda t: hmac.digest(seed, t.id.encode(), "sha256")[0])
    distinct = list({ticket.entrant: ticket for ticket in reversed(ranked)}.values())[::-1]
    main = tuple(MainPlace(at, t.id, t.entrant) for at, t in enumerate(distinct[:3], 1))
    return replace(draw(manifest, tickets, seed, void), main=main)


def one_consolation_prize_short(manifest, tickets, seed, void):
    fewer = replace(manifest, consolation_prizes=manifest.consolation_prizes - 1)
    return draw(fewer, tickets, seed, void)


def with_repeated_winners(manifest, tickets, seed, void):
    """The first tickets win, whoever holds them."""
    ranked = sorted(tickets, key=lambda t: hmac.digest(seed, t.id.encode(), "sha256"))
    main = tuple(MainPlace(at, t.id, t.entrant) for at, t in enumerate(ranked[:3], 1))
    return replace(draw(manifest, tickets, seed, void), main=main)


def renumbered_after_void(manifest, tickets, seed, void):
    """Tickets are ordered by the hash of their number in the list, which a void one moves."""
    gone = {one.id for one in void}
    left = sorted((t for t in tickets if t.entrant not in gone), key=lambda t: t.id)
    by_number = [
        replace(ticket, id=hashlib.sha256(f"{seed.hex()}{number}".encode()).hexdigest()[:32])
        for number, ticket in enumerate(left)
    ]
    return draw(replace(manifest, tickets=len(left)), by_number, seed)


def favouring_few_tickets(manifest, tickets, seed, void):
    """One chance for each entrant, however many tickets he holds."""
    one_each = list(
        {ticket.entrant: ticket for ticket in sorted(tickets, key=lambda t: t.id)}.values()
    )
    return draw(replace(manifest, tickets=len(one_each)), one_each, seed, void)


def test_the_draw_passes_the_audit():
    assert faults(draw) == set()


@pytest.mark.parametrize(
    ("mutant", "fault"),
    [
        (rigged_now_and_then, "the first prize is not in proportion to tickets"),
        (shuffled_by_the_clock, "drawn again, others win"),
        (cut_to_eight_bits, "the order of storage matters"),
        (one_consolation_prize_short, "not as many prizes as sealed"),
        (with_repeated_winners, "somebody wins twice"),
        (renumbered_after_void, "a void ticket costs another a win"),
        (favouring_few_tickets, "main prizes do not follow the odds"),
    ],
)
def test_every_unfair_draw_is_caught(mutant, fault):
    assert fault in faults(mutant)
