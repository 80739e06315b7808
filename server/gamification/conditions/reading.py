"""Reading a condition from settings, as a JSON tree or as text, and writing it as a tree.

`{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}`, or a comparison such as
`{"fact": "category_items", "of": "coffee", "at_least": 10}`. Errors say where: the JSON pointer,
in text also the column.
"""

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

from server.core.errors import FieldError
from server.gamification.conditions.catalogue import FACTS
from server.gamification.conditions.parsing import ConditionSyntaxError, parse
from server.gamification.conditions.types import (
    DEPTH_MAX,
    NODES_MAX,
    OPS,
    VALUES_MAX,
    All,
    AnyOf,
    Condition,
    Constant,
    Is,
    Not,
    Op,
    ValueKind,
)
from server.gamification.conditions.values import why_not_comparable
from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.definitions.reading import Reader

_GROUPS: Mapping[str, type[All | AnyOf]] = {"all": All, "any": AnyOf}
_OPS = [str(op) for op in Op]


def read_condition(reader: Reader, name: str = "condition") -> Condition | None:
    """Read an optional condition of a settings object; errors are noted with the reader."""
    raw = reader.raw(name)
    if raw is None:
        return None
    return _read(raw, f"{reader.pointer}/{name}", reader.errors)


def condition_of(raw: object) -> Condition:
    """Return the condition written as a tree or as text. Raise `DefinitionInvalid`."""
    errors: list[FieldError] = []
    found = _read(raw, "", errors)
    if found is None:
        raise DefinitionInvalid.of(errors)
    return found


def _read(raw: object, pointer: str, errors: list[FieldError]) -> Condition | None:
    before = len(errors)
    if isinstance(raw, str):
        try:
            return parse(raw)
        except ConditionSyntaxError as fault:
            errors.append(FieldError(pointer=pointer, code="syntax", detail=str(fault)))
            return None
    walk = _Walk(errors)
    found = walk.node(raw, pointer, 1)
    return found if len(errors) == before else None


class _Walk:
    """Reads one tree, counting its nodes."""

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = errors
        self.nodes = 0

    def node(self, raw: object, pointer: str, depth: int) -> Condition | None:
        """Return the condition at a node, None when something in it is wrong."""
        self.nodes += 1
        if not isinstance(raw, Mapping):
            return self._blame(pointer, "invalid", "Must be a condition: an object or a text.")
        if self.nodes > NODES_MAX or depth > DEPTH_MAX:
            detail = f"At most {NODES_MAX} parts, nested at most {DEPTH_MAX} deep."
            return self._blame(pointer, "too_complex", detail)
        if "fact" in raw:
            return self._leaf(raw, pointer)
        if len(raw) != 1 or (key := next(iter(raw))) not in (*_GROUPS, "not"):
            return self._blame(pointer, "invalid", 'Must have one of "all", "any", "not", "fact".')
        if key == "not":
            part = self.node(raw[key], f"{pointer}/not", depth + 1)
            return None if part is None else Not(part)
        return self._group(key, raw[key], f"{pointer}/{key}", depth)

    def _group(self, key: str, raw: object, pointer: str, depth: int) -> Condition | None:
        if not isinstance(raw, list) or not raw or len(raw) > NODES_MAX:
            return self._blame(pointer, "invalid", "Must be a list of conditions.")
        found = [self.node(one, f"{pointer}/{at}", depth + 1) for at, one in enumerate(raw)]
        parts = tuple(part for part in found if part is not None)
        if len(parts) < len(raw):
            return None
        return parts[0] if len(parts) == 1 else _GROUPS[key](parts)

    def _leaf(self, raw: Mapping[str, Any], pointer: str) -> Condition | None:
        fact, of = raw["fact"], raw.get("of", "")
        if fact not in FACTS:
            return self._blame(f"{pointer}/fact", "unknown", unknown_fact(str(fact)))
        ops = [name for name in raw if name in _OPS]
        others = sorted(set(raw) - {"fact", "of", *_OPS})
        if len(ops) != 1 or others:
            known = ", ".join(OPS[FACTS[fact].kind])
            return self._blame(pointer, "invalid", f"Compare {fact} once, by one of: {known}.")
        op, value = Op(ops[0]), _value(raw[ops[0]], FACTS[fact].kind)
        wrong = why_not_comparable(fact, str(of), op, value)
        if wrong is not None:
            return self._blame(f"{pointer}/{wrong.part or op}", "invalid", wrong.detail)
        return Is(fact, op, value, str(of))

    def _blame(self, pointer: str, code: str, detail: str) -> Condition | None:
        """Note an error; there is no condition then."""
        self.errors.append(FieldError(pointer=pointer, code=code, detail=detail))
        return None


def unknown_fact(name: str) -> str:
    """Return what to tell about a fact that is not declared, with the nearest one that is."""
    near = get_close_matches(name, FACTS, 1)
    return f"There is no fact {name}." + (f" Did you mean {near[0]}?" if near else "")


def _value(raw: object, kind: ValueKind) -> Any:
    """Return a constant as conditions hold it: dates as dates, lists as tuples."""
    if isinstance(raw, list):
        return tuple(raw[: VALUES_MAX + 1])
    if kind is ValueKind.DATE and isinstance(raw, str):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            return raw
    return raw


def tree_of(condition: Condition) -> dict[str, Any]:
    """Return a condition as a JSON tree, as `condition_of` reads it."""
    match condition:
        case All(parts):
            return {"all": [tree_of(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [tree_of(part) for part in parts]}
        case Not(part):
            return {"not": tree_of(part)}
        case Is(fact, op, value, of):
            named = {"fact": fact} | ({"of": of} if of else {})
            return named | {str(op): _raw(value)}


def _raw(value: Constant) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
