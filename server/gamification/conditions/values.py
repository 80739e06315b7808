"""What may be compared with what."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from server.gamification.conditions.catalogue import FACTS
from server.gamification.conditions.types import NUMBER_MAX, OPS, VALUES_MAX, Op, ValueKind

CODE_MAX = 64
_WANTED = {
    ValueKind.NUMBER: "a whole number",
    ValueKind.TEXT: "a text of up to 64 letters",
    ValueKind.TEXTS: "a text of up to 64 letters",
    ValueKind.DATE: "a date like 2026-11-30",
    ValueKind.FLAG: "true or false",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a comparison: `of`, or (empty) the constant or the way of comparing."""

    part: str
    detail: str


def why_not_comparable(name: str, of: str, op: Op, value: Any) -> Wrong | None:
    """Return what is wrong with comparing a declared fact so, None when it is right."""
    fact = FACTS[name]
    if fact.of is None and of:
        return Wrong("of", f"{name} stands alone.")
    if fact.of is not None and (detail := fact.of(of)):
        return Wrong("of", detail)
    if op not in OPS[fact.kind]:
        known = ", ".join(OPS[fact.kind])
        return Wrong("", f"{name} is a {fact.kind}; it is compared by {known}.")
    if op is Op.ONE_OF:
        return _why_not_list(fact.kind, value)
    return None if _fits(fact.kind, value) else Wrong("", f"Must be {_WANTED[fact.kind]}.")


def _why_not_list(kind: ValueKind, value: Any) -> Wrong | None:
    fits = isinstance(value, tuple) and 0 < len(value) <= VALUES_MAX
    if fits and all(_fits(kind, one) for one in value) and len(set(value)) == len(value):
        return None
    return Wrong("", f"Must be a list of 1 to {VALUES_MAX}, each {_WANTED[kind]}, none twice.")


def _fits(kind: ValueKind, value: Any) -> bool:
    if kind is ValueKind.NUMBER:
        return type(value) is int and abs(value) <= NUMBER_MAX
    if kind is ValueKind.FLAG:
        return isinstance(value, bool)
    if kind is ValueKind.DATE:
        return type(value) is date
    return isinstance(value, str) and 0 < len(value) <= CODE_MAX and value.isprintable()
