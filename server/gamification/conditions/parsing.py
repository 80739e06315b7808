"""The text form of conditions: `visits >= 10 and (tier in (silver, gold) or not has_birthday)`.

    either   = both { "or" both }
    both     = one { "and" one }
    one      = "not" one | "(" either ")" | fact [ compare ]
    fact     = NAME [ "[" constant "]" ]
    compare  = (">=" | "<=" | ">" | "<" | "=" | "!=") constant | ["not"] "in" "(" constants ")"

A flag stands alone. Constants are whole numbers, dates, words, quoted texts, true and false.
"""

import re
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any, NamedTuple, NoReturn

from server.gamification.conditions.catalogue import FACTS
from server.gamification.conditions.types import (
    DEPTH_MAX,
    NODES_MAX,
    TEXT_MAX,
    All,
    AnyOf,
    Condition,
    Is,
    Not,
    Op,
    ValueKind,
)
from server.gamification.conditions.values import why_not_comparable

_TOKEN = re.compile(
    r"""(?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>-?\d{1,16}(?![\w-]))
    | (?P<text>"(?:[^"\\]|\\["\\])*")
    | (?P<op>>=|<=|!=|[<>=()\[\],])
    | (?P<word>[^\W\d][\w-]*)""",
    re.VERBOSE | re.ASCII,
)
_BLANK = re.compile(r"\s*", re.ASCII)
_DAY = timedelta(days=1)
KEYWORDS = ("and", "or", "not", "in", "true", "false")


class ConditionSyntaxError(ValueError):
    """A text that is no condition: what is wrong, and in which column, counted from 1."""

    def __init__(self, column: int, detail: str) -> None:
        super().__init__(f"column {column}: {detail}")
        self.column = column


class Token(NamedTuple):
    """A word of the text; `at` is its offset."""

    kind: str
    text: str
    at: int


def parse(text: str) -> Condition:
    """Return the condition that a text says. Raise `ConditionSyntaxError`."""
    if len(text) > TEXT_MAX:
        raise ConditionSyntaxError(TEXT_MAX + 1, f"A condition has at most {TEXT_MAX} letters.")
    parser = _Parser(_tokens(text))
    found = parser.either(1)
    if parser.now.kind != "end":
        parser.fail(f"Here and, or, or the end was expected, not {parser.now.text}.")
    return found


def _tokens(text: str) -> list[Token]:
    tokens, at, end = [], _skip(text, 0), len(text)
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise ConditionSyntaxError(at + 1, f"{text[at]} means nothing here.")
        tokens.append(Token(found.lastgroup, found.group(), at))
        at = _skip(text, found.end())
    return [*tokens, Token("end", "the end", end)]


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._nodes = 0

    @property
    def now(self) -> Token:
        """The token in hand."""
        return self._tokens[self._at]

    def fail(self, detail: str, token: Token | None = None) -> NoReturn:
        """Raise a fault at a token, the one in hand by default."""
        raise ConditionSyntaxError((token or self.now).at + 1, detail)

    def either(self, depth: int) -> Condition:
        parts = [self._both(depth)]
        while self._taken("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _both(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._taken("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Condition:
        self._nodes += 1
        if self._nodes > NODES_MAX or depth > 2 * DEPTH_MAX:
            self.fail("The condition is too long or nested too deep.")
        if self._taken("not"):
            return Not(self._one(depth + 1))
        if self._taken("("):
            inner = self.either(depth + 1)
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        token = self._next("word", "the name of a fact")
        if token.text not in FACTS:
            near = get_close_matches(token.text, FACTS, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            self.fail(f"There is no fact {token.text}.{hint}", token)
        of = ""
        if self._taken("["):
            of = str(self._constant(as_text=True))
            self._need("]")
        return self._compared(token, of)

    def _compared(self, fact: Token, of: str) -> Condition:
        kind, start = FACTS[fact.text].kind, self.now
        is_list, is_not = self._is_list()
        if is_list:
            return _negated(self._leaf(fact, of, Op.ONE_OF, self._constants(kind)), is_not=is_not)
        if start.text in (">=", "<=", ">", "<", "=", "!="):
            self._at += 1
            at, value = self.now, self._constant(as_text=_is_text(kind))
            op, value = _meant(start.text, kind, value)
            leaf = self._leaf(fact, of, op, value, at)
            return _negated(leaf, is_not=start.text == "!=")
        if kind is ValueKind.FLAG:
            return self._leaf(fact, of, Op.EQUALS, value=True)
        return self.fail(f"Say what {fact.text} is compared with, such as {fact.text} >= 10.")

    def _is_list(self) -> tuple[bool, bool]:
        """Take `in` or `not in`; return whether one was there, and whether with `not`."""
        after = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if self.now.text == "not" and after.text == "in":
            self._at += 2
            return True, True
        return self._taken("in"), False

    def _constants(self, kind: ValueKind) -> tuple[Any, ...]:
        self._need("(")
        values = [self._constant(as_text=_is_text(kind))]
        while self._taken(","):
            values.append(self._constant(as_text=_is_text(kind)))
        self._need(")")
        return tuple(values)

    def _constant(self, *, as_text: bool) -> Any:
        """Take a constant; a bare number or date is a text where one is expected."""
        token = self.now
        if token.kind not in ("number", "date", "text", "word"):
            self.fail(f"Here a value was expected, not {token.text}.")
        self._at += 1
        if token.kind == "text":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if as_text or token.kind == "word":
            return token.text if as_text else {"true": True, "false": False}.get(*[token.text] * 2)
        if token.kind == "number":
            return int(token.text)
        try:
            return date.fromisoformat(token.text)
        except ValueError:
            return self.fail(f"There is no date {token.text}.", token)

    def _leaf(
        self, fact: Token, of: str, op: Op, value: Any, blamed: Token | None = None
    ) -> Condition:
        wrong = why_not_comparable(fact.text, of, op, value)
        if wrong is not None:
            self.fail(wrong.detail, fact if wrong.part else blamed or fact)
        return Is(fact.text, op, value, of)

    def _taken(self, text: str) -> bool:
        if self.now.text != text or self.now.kind == "text":
            return False
        self._at += 1
        return True

    def _need(self, text: str) -> None:
        if not self._taken(text):
            self.fail(f"Here {text} was expected, not {self.now.text}.")

    def _next(self, kind: str, wanted: str) -> Token:
        token = self.now
        if token.kind != kind or token.text in KEYWORDS:
            self.fail(f"Here {wanted} was expected, not {token.text}.")
        self._at += 1
        return token


def _is_text(kind: ValueKind) -> bool:
    return kind in (ValueKind.TEXT, ValueKind.TEXTS)


def _negated(leaf: Condition, *, is_not: bool) -> Condition:
    return Not(leaf) if is_not else leaf


def _meant(sign: str, kind: ValueKind, value: Any) -> tuple[Op, Any]:
    """Return the comparison that a sign stands for; `> 9` is at least 10, for dates after."""
    if sign in ("=", "!="):
        return Op.EQUALS, value
    if kind is ValueKind.DATE:
        shift = {">=": -_DAY, "<=": _DAY}.get(sign, 0 * _DAY)
        shifted = value + shift if type(value) is date else value
        return Op.AFTER if ">" in sign else Op.BEFORE, shifted
    if type(value) is int:
        value += {">": 1, "<": -1}.get(sign, 0)
    return Op.AT_LEAST if ">" in sign else Op.AT_MOST, value
