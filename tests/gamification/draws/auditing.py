"""An audit of a function that draws: what a fair one passes and a rigged one does not."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from math import sqrt
from random import Random

from server.gamification.draws.checks import consolation_prizes
from server.gamification.draws.odds import exact_main_odds
from server.gamification.draws.types import Drawn, Manifest, Scope, Ticket, Void
from tests.builders.pools import make_manifest, make_pool

Drawing = Callable[[Manifest, Sequence[Ticket], bytes, Sequence[Void]], Drawn]
COUNTS = (1, 1, 1, 2, 2, 3, 4, 4, 6, 10)
RAFFLES = 4000
MAIN_PRIZES = 3
# Two-sided at 0.1 %, shared among three questions about each of ten entrants (Bonferroni).
Z_MAX = 4.15


def faults(drawing: Drawing) -> set[str]:
    """Return the names of what is wrong with a function that draws."""
    return {*_faults_of_form(drawing), *_faults_of_chance(drawing)}


def _faults_of_form(drawing: Drawing) -> Iterator[str]:
    for number in range(60):
        pool = make_pool(COUNTS[: 4 + number % 7], seed=number)
        manifest = make_manifest(pool, MAIN_PRIZES)
        seed = Random(number).randbytes(32)
        drawn = drawing(manifest, pool, seed, [])
        yield from _faults_of_one(manifest, drawn)
        if drawing(manifest, pool, seed, []) != drawn:
            yield "drawn again, others win"
        if drawing(manifest, pool[::-1], seed, []) != drawn:
            yield "the order of storage matters"
        for gone in {ticket.entrant for ticket in pool}:
            after = drawing(manifest, pool, seed, [Void(Scope.ENTRANT, gone, "test")])
            if not winners(drawn) - {gone} <= winners(after):
                yield "a void ticket costs another a win"


def _faults_of_one(manifest: Manifest, drawn: Drawn) -> Iterator[str]:
    main, second = [p.entrant for p in drawn.main], [p.entrant for p in drawn.second]
    if len({*main, *second}) != len(main) + len(second):
        yield "somebody wins twice"
    wanted = consolation_prizes(manifest.entrants, manifest.main_prizes)
    if (len(main), len(second)) != (MAIN_PRIZES, wanted):
        yield "not as many prizes as sealed"


def winners(drawn: Drawn) -> set[str]:
    """Return everybody who won something."""
    return {p.entrant for p in drawn.main} | {p.entrant for p in drawn.second}


def _faults_of_chance(drawing: Drawing) -> Iterator[str]:
    pool = make_pool(COUNTS)
    manifest = make_manifest(pool, MAIN_PRIZES)
    first, main, second = Counter[str](), Counter[str](), Counter[str]()
    for number in range(RAFFLES):
        drawn = drawing(manifest, pool, Random(number).randbytes(32), [])
        first[drawn.main[0].entrant] += 1
        main.update({p.entrant for p in drawn.main})
        second.update({p.entrant for p in drawn.second})
    held = Counter(ticket.entrant for ticket in pool)
    odds = exact_main_odds(Counter(COUNTS), MAIN_PRIZES)
    share = manifest.consolation_prizes / (manifest.entrants - MAIN_PRIZES)
    for who, tickets in held.items():
        if _z(first[who], tickets / len(pool), RAFFLES) > Z_MAX:
            yield "the first prize is not in proportion to tickets"
        if _z(main[who], float(odds[tickets]), RAFFLES) > Z_MAX:
            yield "main prizes do not follow the odds"
        if _z(second[who], share, RAFFLES - main[who]) > Z_MAX:
            yield "the second chance is not the same for all"


def _z(seen: int, chance: float, tries: int) -> float:
    return abs(seen - tries * chance) / sqrt(tries * chance * (1 - chance))
