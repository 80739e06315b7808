"""Conditions as trees and as text: both ways, and what is told of mistakes."""

import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from server.gamification.conditions.catalogue import FACTS, WEEKDAYS
from server.gamification.conditions.parsing import ConditionSyntaxError, parse
from server.gamification.conditions.reading import condition_of, tree_of
from server.gamification.conditions.types import (
    DEPTH_MAX,
    NODES_MAX,
    TEXT_MAX,
    All,
    AnyOf,
    Is,
    Not,
    Op,
    ValueKind,
)
from server.gamification.conditions.writing import text_of
from server.gamification.definitions.errors import DefinitionInvalid

TEN = {"fact": "visits", "at_least": 10}
CODES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
NUMBERS = st.integers(-(10**12), 10**12)
OFS = {
    "visits_between": st.sampled_from(["6-9", "22-4"]),
    "visits_on": st.sampled_from(WEEKDAYS),
}
VALUES = {
    ValueKind.NUMBER: NUMBERS,
    ValueKind.TEXT: CODES,
    ValueKind.TEXTS: CODES,
    ValueKind.DATE: st.dates(),
    ValueKind.FLAG: st.booleans(),
}


@st.composite
def comparisons(draw):
    fact = draw(st.sampled_from(sorted(FACTS)))
    kind = FACTS[fact].kind
    of = draw(OFS.get(fact, CODES)) if FACTS[fact].of else ""
    ops = {
        ValueKind.NUMBER: [Op.AT_LEAST, Op.AT_MOST, Op.EQUALS, Op.ONE_OF],
        ValueKind.DATE: [Op.BEFORE, Op.AFTER, Op.EQUALS],
        ValueKind.FLAG: [Op.EQUALS],
    }.get(kind, [Op.EQUALS, Op.ONE_OF])
    op = draw(st.sampled_from(ops))
    if op is Op.ONE_OF:
        return Is(fact, op, tuple(draw(st.lists(VALUES[kind], min_size=1, unique=True))), of)
    return Is(fact, op, draw(VALUES[kind]), of)


def groups(inner):
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(parts.map(All), parts.map(AnyOf), inner.map(Not))


def fault_in(text):
    try:
        parse(text)
    except ConditionSyntaxError as fault:
        return fault.column
    return None


def depth_of(condition):
    parts = getattr(condition, "parts", ()) or [getattr(condition, "part", None)]
    return 1 + max((depth_of(part) for part in parts if part is not None), default=0)


CONDITIONS = st.recursive(comparisons(), groups, max_leaves=8)


@settings(max_examples=300, deadline=None)
@given(CONDITIONS)
def test_what_is_written_as_text_or_tree_is_read_as_the_same_condition(condition):
    assume(depth_of(condition) <= DEPTH_MAX)
    tree = json.loads(json.dumps(tree_of(condition)))
    assert condition_of(tree) == condition
    if len(text_of(condition)) <= TEXT_MAX:
        assert condition_of(text_of(condition)) == condition


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["visits", ">=", "1", "(", ")", "and", "not"])).map(" ".join)
)
def test_any_text_is_a_condition_or_a_fault_with_its_column(text):
    column = fault_in(text)
    assert column is None or 1 <= column <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("", 1, "the name of a fact was expected"),
        ("visit >= 10", 1, "There is no fact visit. Did you mean visits?"),
        ("visits", 7, "Say what visits is compared with"),
        ("visits >= ten", 11, "Must be a whole number."),
        ("visits >= 10 an tier = gold", 14, "and, or, or the end was expected, not an."),
        ("(visits >= 10", 14, "Here ) was expected, not the end."),
        ("visits >= 10 # often", 14, "# means nothing here."),
        ("tier > gold", 8, "tier is a text; it is compared by equals, one_of."),
        ("visits in ()", 12, "Here a value was expected, not )."),
        ("joined_on < 2026-02-30", 13, "There is no date 2026-02-30."),
        ("joined_on < 5", 13, "Must be a date like 2026-11-30."),
        ("category_items >= 5", 1, "Say of which, in up to 64 letters."),
        ("visits[coffee] >= 5", 1, "visits stands alone."),
        ('visits_between["9"] >= 5', 1, "Must be hours like 6-9"),
        ("visits_on[funday] >= 5", 1, "Must be one of monday"),
        ("visits >= 99999999999999999999", 11, "9 means nothing here."),
        ("not " * 40 + "has_birthday", 65, "too long or nested too deep"),
    ],
)
def test_a_fault_in_a_text_tells_its_column(text, column, told):
    with pytest.raises(ConditionSyntaxError) as caught:
        parse(text)
    assert told in str(caught.value)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("tree", "pointer", "told"),
    [
        (5, "", "Must be a condition"),
        ({}, "", "Must have one of"),
        ({"all": []}, "/all", "Must be a list of conditions."),
        ({"all": [TEN], "any": [TEN]}, "", "Must have one of"),
        ({"all": [TEN, {"not": 1}]}, "/all/1/not", "Must be a condition"),
        ({"any": [{"fact": "visit", "at_least": 1}]}, "/any/0/fact", "Did you mean visits?"),
        ({"fact": "visits"}, "", "Compare visits once"),
        ({**TEN, "at_most": 20}, "", "Compare visits once"),
        ({**TEN, "colour": 1}, "", "Compare visits once"),
        ({"fact": "visits", "at_least": True}, "/at_least", "Must be a whole number."),
        ({"fact": "visits", "before": 3}, "/before", "visits is a number"),
        ({"fact": "tier", "one_of": ["a", "a"]}, "/one_of", "none twice"),
        ({"fact": "joined_on", "before": "soon"}, "/before", "Must be a date"),
        ({"fact": "visits_on", "of": "x", "at_least": 3}, "/of", "Must be one of monday"),
    ],
)
def test_a_fault_in_a_tree_tells_its_place(tree, pointer, told):
    with pytest.raises(DefinitionInvalid) as caught:
        condition_of(tree)
    assert [error["pointer"] for error in caught.value.errors] == [pointer]
    assert told in caught.value.errors[0]["detail"]


def test_a_fault_in_a_text_is_told_at_its_pointer():
    with pytest.raises(DefinitionInvalid) as caught:
        condition_of("visits >>")
    assert caught.value.errors[0]["code"] == "syntax"


@pytest.mark.parametrize(
    "tree",
    [{"all": [TEN] * (NODES_MAX + 1)}, {"any": [{"all": [TEN] * 60}, {"all": [TEN] * 60}]}],
)
def test_too_large_a_condition_is_refused(tree):
    with pytest.raises(DefinitionInvalid):
        condition_of(tree)


def test_too_deep_a_condition_is_refused():
    deep = TEN
    for _ in range(DEPTH_MAX):
        deep = {"not": deep}
    with pytest.raises(DefinitionInvalid):
        condition_of(deep)
    assert condition_of(deep["not"]) is not None


def test_a_group_of_one_is_its_part():
    assert condition_of({"all": [{"any": [TEN]}]}) == Is("visits", Op.AT_LEAST, 10)


def test_text_needs_parentheses_only_where_they_matter():
    text = "visits >= 10 and (tier = gold or not has_birthday)"
    assert text_of(parse(f"(({text}))")) == text
