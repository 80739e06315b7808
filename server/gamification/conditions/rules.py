"""What a condition says of a subject: compiled once into closures, then asked in a microsecond."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from server.gamification.conditions.catalogue import FACTS
from server.gamification.conditions.types import (
    All,
    AnyOf,
    Condition,
    Is,
    Known,
    Not,
    Op,
    Subject,
    ValueKind,
)

Holds = Callable[[Subject], bool]


def compiled(condition: Condition) -> Holds:
    """Return a function that tells whether the condition holds.

    Nothing holds of a fact that is not known, so `not` of it does.
    """
    match condition:
        case All(parts):
            every = tuple(compiled(part) for part in parts)
            return lambda who: all(holds(who) for holds in every)
        case AnyOf(parts):
            some = tuple(compiled(part) for part in parts)
            return lambda who: any(holds(who) for holds in some)
        case Not(part):
            inner = compiled(part)
            return lambda who: not inner(who)
        case Is():
            return _compiled_leaf(condition)


def _compiled_leaf(leaf: Is) -> Holds:
    fact, of = FACTS[leaf.fact], leaf.of
    read, compare = fact.read, _comparison(leaf, fact.kind)

    def holds(who: Subject) -> bool:
        known = read(who, of)
        return known is not None and compare(known)

    return holds


def _comparison(leaf: Is, kind: ValueKind) -> Callable[[Any], bool]:
    value: Any = leaf.value
    if kind is ValueKind.TEXTS:
        wanted = frozenset(value if leaf.op is Op.ONE_OF else [value])
        return lambda known: not wanted.isdisjoint(known)
    choices = frozenset(value) if leaf.op is Op.ONE_OF else frozenset()
    return {
        Op.AT_LEAST: lambda known: known >= value,
        Op.AT_MOST: lambda known: known <= value,
        Op.EQUALS: lambda known: known == value,
        Op.ONE_OF: lambda known: known in choices,
        Op.BEFORE: lambda known: known < value,
        Op.AFTER: lambda known: known > value,
    }[leaf.op]


def leaves_of(condition: Condition) -> Iterator[Is]:
    """Yield every comparison of a condition, in the order in which it is written."""
    match condition:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves_of(part)
        case Not(part):
            yield from leaves_of(part)
        case Is():
            yield condition


def needs_activity(condition: Condition) -> bool:
    """Tell whether the condition speaks of an activity, so that counters alone cannot answer."""
    return any(FACTS[leaf.fact].of_activity for leaf in leaves_of(condition))


def progress_of(condition: Condition, who: Subject) -> tuple[int, int] | None:
    """Return how far a member is, `(current, target)`, None where nothing can be counted.

    Only `at_least` is counted. Of several that must all hold the one furthest from its target is
    shown, of several that may hold the nearest. A bar is full only when the condition holds.
    """
    found = _progress(condition, who)
    is_full = found is not None and found[0] >= found[1]
    return None if is_full and not compiled(condition)(who) else found


def _progress(condition: Condition, who: Subject) -> tuple[int, int] | None:
    match condition:
        case All(parts):
            return min(_bars(parts, who), key=_share, default=None)
        case AnyOf(parts):
            return max(_bars(parts, who), key=_share, default=None)
        case Is(op=Op.AT_LEAST):
            return _bar(condition, FACTS[condition.fact].read(who, condition.of))
    return None


def unit_of(condition: Condition, who: Subject) -> str | None:
    """Return the fact that `progress_of` counts, None where nothing can be counted."""
    wanted = progress_of(condition, who)
    for leaf in leaves_of(condition):
        if wanted is not None and leaf.op is Op.AT_LEAST and _progress(leaf, who) == wanted:
            return leaf.fact
    return None


def _bars(parts: tuple[Condition, ...], who: Subject) -> list[tuple[int, int]]:
    return [bar for bar in (_progress(part, who) for part in parts) if bar is not None]


def _bar(leaf: Is, known: Known) -> tuple[int, int] | None:
    """Return the bar of a comparison, none for what is reached from the start."""
    target = leaf.value
    assert isinstance(target, int)
    if target <= 0 or isinstance(known, (str, date, frozenset)):
        return None
    return max(0, min(int(known or 0), target)), target


def _share(bar: tuple[int, int]) -> float:
    return bar[0] / bar[1]
