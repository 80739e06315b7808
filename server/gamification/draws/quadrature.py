"""The odds of large pools, to about ten digits, for each number of tickets in one pass.

The integral of `odds.py` in x = -ln u. How many have come by x is a sum of independent yes and no;
its distribution is found from its characteristic function, whose terms fade so fast that about
fifty are needed however large the pool is. Where the answer is sure (bounds of Chernoff) nothing
is integrated. The steps of the integral are equal in the mean number of those who have come.
"""

import cmath
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import accumulate, pairwise
from math import ceil, cos, exp, floor, log, pi, sin, sqrt
from operator import mul

_SURE = 37.0
"""e^-37 is less than any digit that is kept."""
_PANELS = 10
_NODES = 16
_Pool = Mapping[int, int]


def near_main_odds(pool: _Pool, prizes: int) -> dict[int, float]:
    """Return the chance of a main prize for each number of tickets; `prizes` < entrants."""
    bounds = [_time_of(pool, mean) for mean in _panels(sum(pool.values()), prizes)]
    odds = {held: 1 - exp(-held * bounds[0]) for held in pool}
    for start, end in pairwise(bounds):
        for at, weight in _points(start, end):
            for held, chance in zip(pool, _chances(pool, prizes, at), strict=True):
                odds[held] += weight * held * exp(-held * at) * chance
    return odds


def _panels(entrants: int, prizes: int) -> Iterator[float]:
    """Yield mean numbers in equal steps; towards the last entrant, steps by what remains."""
    first, last = _window(entrants, prizes)
    step = (last - first) / _PANELS
    mean = first
    while mean < last:
        yield mean
        mean = min(mean + step, (mean + entrants * 2) / 3)
    yield last


def _points(start: float, end: float) -> Iterator[tuple[float, float]]:
    middle, half = (start + end) / 2, (end - start) / 2
    return ((middle + half * node, half * weight) for node, weight in _legendre())


def _window(entrants: int, prizes: int) -> tuple[float, float]:
    """Return the mean numbers between which it is open whether `prizes` have come."""

    def surplus_below(mean: float) -> float:
        return prizes * log(prizes / mean) - (prizes - mean) - _SURE

    def surplus_above(mean: float) -> float:
        most = prizes - 1
        others = mean - 1  # at most one of the mean is the entrant himself
        return others - most - (most * log(others / most) if most else 0.0) - _SURE

    least = _root(surplus_below, 1e-20, prizes)
    top = prizes + 40 + 12 * sqrt(prizes)
    return least, min(_root(surplus_above, prizes, top), entrants * (1 - 1e-9))


def _root(of: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function that has one sign on each side crosses zero, by halving."""
    rises = of(high) > 0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (low, middle) if (of(middle) > 0) == rises else (middle, high)
    return (low + high) / 2


def _time_of(pool: _Pool, mean: float) -> float:
    """Return the x by which `mean` entrants have come on average."""
    most = 45 / min(pool)

    def missing(x: float) -> float:
        return sum(many * (1 - exp(-held * x)) for held, many in pool.items()) - mean

    return _root(missing, 0.0, most)


def _chances(pool: _Pool, prizes: int, at: float) -> list[float]:
    """Return for each number of tickets how likely fewer than `prizes` others have come by `at`."""
    come = [1 - exp(-held * at) for held in pool]
    counts = list(pool.values())
    mean = sum(map(mul, counts, come))
    spread = sqrt(sum(n * p * (1 - p) for n, p in zip(counts, come, strict=True)))
    least = max(0, floor(mean - 10 * spread - 20))
    size = min(sum(counts), ceil(mean + 10 * spread + 40)) - least + 1
    wanted = min(prizes - least, size)
    if wanted <= 0:
        return [0.0] * len(counts)
    totals = [float(wanted)] * len(counts)
    for number in range(1, size // 2 + 1):
        angle = 2 * pi * number / size
        parts = _without_one(come, counts, angle)
        if max(map(abs, parts)) < 1e-17:
            break
        kernel = _kernel(angle, least, wanted) * (1 if 2 * number == size else 2)
        totals = [total + (part * kernel).real for total, part in zip(totals, parts, strict=True)]
    return [total / size for total in totals]


def _kernel(angle: float, least: int, wanted: int) -> complex:
    """Return the sum of e^(-i·angle·s) over the `wanted` numbers s from `least` on."""
    middle = least + (wanted - 1) / 2
    return cmath.exp(complex(0, -angle * middle)) * sin(angle * wanted / 2) / sin(angle / 2)


def _without_one(come: list[float], counts: list[int], angle: float) -> list[complex]:
    """Return the characteristic function of the others of one entrant of each kind."""
    turn = complex(cos(angle) - 1, sin(angle))
    factors = [1 + p * turn for p in come]
    powers = [factor**many for factor, many in zip(factors, counts, strict=True)]
    before = accumulate(powers, mul, initial=1 + 0j)
    after = list(accumulate(reversed(powers), mul, initial=1 + 0j))[-2::-1]
    less = (factor ** (many - 1) for factor, many in zip(factors, counts, strict=True))
    return [a * b * c for a, b, c in zip(before, after, less, strict=False)]


@cache
def _legendre() -> tuple[tuple[float, float], ...]:
    """Return nodes and weights of Gauss and Legendre on (-1, 1), by Newton's method."""
    return tuple(_legendre_node(number) for number in range(_NODES))


def _legendre_node(number: int) -> tuple[float, float]:
    x = cos(pi * (number + 0.75) / (_NODES + 0.5))
    slope = 1.0
    for _ in range(50):
        value, before = x, 1.0
        for degree in range(2, _NODES + 1):
            value, before = ((2 * degree - 1) * x * value - (degree - 1) * before) / degree, value
        slope = _NODES * (x * value - before) / (x * x - 1)
        x -= value / slope
    return x, 2 / ((1 - x * x) * slope * slope)
