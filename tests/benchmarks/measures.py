"""What is measured: pairs of shots fired in turns, so that a busy machine is busy for both."""

import itertools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from tests.benchmarks.load import Hits, Shot, fire

_RUN = itertools.count()


@dataclass(frozen=True, slots=True)
class Pace:
    """How long: `rounds` of `seconds` for each side, after one short round to warm up."""

    rounds: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two shots to compare. `ours` counts `per_hit` things with each answer, `beside` one.

    `goal` is the least ratio of the rates; `prepare` is called with the side's name before it.
    """

    name: str
    ours: Shot
    beside: Shot
    goal: float
    per_hit: int = 1
    prepare: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Medians of both sides, and the ratios; `rate` is ours by the other, `p99` likewise."""

    name: str
    goal: float
    ours: Hits
    beside: Hits
    rate: float
    p99: float


def measure(pair: Pair, pace: Pace) -> Result:
    """Fire both sides in turns and compare round by round: the ratio is the median of ratios."""
    sides = {"ours": pair.ours, "beside": pair.beside}
    for name, shot in sides.items():
        _fire(pair, name, shot, 2)
    rounds = [
        {name: _fire(pair, name, shot, pace.seconds) for name, shot in sides.items()}
        for _ in range(pace.rounds)
    ]
    ratios = [turn["ours"].per_second * pair.per_hit / turn["beside"].per_second for turn in rounds]
    tails = [turn["ours"].p99_ms / turn["beside"].p99_ms for turn in rounds]
    ours, beside = (_medians([turn[name] for turn in rounds]) for name in sides)
    return Result(pair.name, pair.goal, ours, beside, median(ratios), median(tails))


def _fire(pair: Pair, name: str, shot: Shot, seconds: int) -> Hits:
    if pair.prepare is not None:
        pair.prepare(name)
    return fire(_tagged(shot), seconds)


def _tagged(shot: Shot) -> Shot:
    """Give a shot that leaves receipts a tag that no other has: `TAG` stands for it."""
    tag = f"{next(_RUN)}{secrets.token_hex(4)}"
    arguments = tuple(tag if argument == "TAG" else argument for argument in shot.arguments)
    return replace(shot, arguments=arguments)


def _medians(hits: Sequence[Hits]) -> Hits:
    return Hits(
        median(hit.per_second for hit in hits),
        median(hit.p50_ms for hit in hits),
        median(hit.p99_ms for hit in hits),
    )
