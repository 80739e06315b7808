"""The words of conditions: a tree of comparisons of declared facts with constants."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

from server.gamification.facts.types import ActivityFact, Facts

NODES_MAX = 100
DEPTH_MAX = 8
VALUES_MAX = 50
TEXT_MAX = 2000
NUMBER_MAX = 2**53 - 1

Known: TypeAlias = int | str | bool | date | frozenset[str] | None
"""What a fact may be; None: not known, which no comparison holds for."""
Constant: TypeAlias = int | str | bool | date | tuple[int | str, ...]
"""What a fact is compared with."""


class ValueKind(StrEnum):
    """The types of facts. Texts are sets of codes, such as the categories of a basket."""

    NUMBER = "number"
    TEXT = "text"
    TEXTS = "texts"
    DATE = "date"
    FLAG = "flag"


class Op(StrEnum):
    """How a fact is compared, as it is written in the tree."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    EQUALS = "equals"
    ONE_OF = "one_of"
    BEFORE = "before"
    AFTER = "after"


OPS = {
    ValueKind.NUMBER: (Op.AT_LEAST, Op.AT_MOST, Op.EQUALS, Op.ONE_OF),
    ValueKind.TEXT: (Op.EQUALS, Op.ONE_OF),
    ValueKind.TEXTS: (Op.EQUALS, Op.ONE_OF),
    ValueKind.DATE: (Op.BEFORE, Op.AFTER, Op.EQUALS),
    ValueKind.FLAG: (Op.EQUALS,),
}
"""Which comparisons each type knows. A set of codes equals what it contains."""


@dataclass(frozen=True, slots=True)
class Is:
    """A comparison: the fact, what it is a fact `of` where it needs that, and the constant."""

    fact: str
    op: Op
    value: Constant
    of: str = ""


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; there are two parts or more."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; there are two parts or more."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition: TypeAlias = All | AnyOf | Not | Is


@dataclass(frozen=True, slots=True)
class Subject:
    """Of whom conditions speak: a member with counters and, while one is recorded, an activity.

    `today` is a date in the programme's `zone`. The counters include the activity.
    """

    facts: Facts
    today: date
    zone: ZoneInfo
    joined_on: date
    birthday: date | None = None
    tier_key: str = ""
    locale: str = ""
    activity: ActivityFact | None = None


@dataclass(frozen=True, slots=True)
class FactType:
    """A declared fact: its name in conditions, its type, how people read it (message ids).

    `of` checks what the fact is asked of (a category, hours) and returns what is wrong with it;
    None: the fact stands alone. `of_activity` says that it is known only while one is recorded.
    """

    name: str
    kind: ValueKind
    title: str
    description: str
    read: Callable[[Subject, str], Known]
    of: Callable[[str], str | None] | None = None
    of_activity: bool = False
