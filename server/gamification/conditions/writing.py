"""Writing a condition as text, as `parsing.parse` reads it."""

import re
from datetime import date

from server.gamification.conditions.parsing import KEYWORDS
from server.gamification.conditions.types import All, AnyOf, Condition, Constant, Is, Not, Op

_WORD = re.compile(r"[^\W\d][\w-]*", re.ASCII)
_SIGNS = {
    Op.AT_LEAST: ">=",
    Op.AT_MOST: "<=",
    Op.EQUALS: "=",
    Op.BEFORE: "<",
    Op.AFTER: ">",
}


def text_of(condition: Condition) -> str:
    """Return a condition as text; what is read from it is the same condition."""
    match condition:
        case AnyOf(parts):
            return " or ".join(_inner(part, (AnyOf,)) for part in parts)
        case All(parts):
            return " and ".join(_inner(part, (AnyOf, All)) for part in parts)
        case Not(part):
            return f"not {_inner(part, (AnyOf, All))}"
        case Is():
            return _comparison(condition)


def _inner(part: Condition, grouped: tuple[type, ...]) -> str:
    return f"({text_of(part)})" if isinstance(part, grouped) else text_of(part)


def _comparison(leaf: Is) -> str:
    fact = f"{leaf.fact}[{_written(leaf.of)}]" if leaf.of else leaf.fact
    if leaf.value is True:
        return fact
    if isinstance(leaf.value, tuple):
        return f"{fact} in ({', '.join(_written(one) for one in leaf.value)})"
    return f"{fact} {_SIGNS[leaf.op]} {_written(leaf.value)}"


def _written(value: Constant) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and (not _WORD.fullmatch(value) or value in KEYWORDS):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"'
    return str(value)
