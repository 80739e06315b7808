"""Refusals are data that apps switch on: one meaning per code, one form of code."""

import importlib
import re

import pytest

from server.core.errors import Refusal
from tests.tidy.tree import python_files


def every_refusal() -> list[type[Refusal]]:
    """Every subclass of Refusal with a code of its own, after importing the whole server."""
    for path in python_files("server"):
        if "migrations" not in path.parts and path.stem not in {"wsgi", "__main__"}:
            name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
            importlib.import_module(name)
    pending, found = [Refusal], []
    while pending:
        pending += (subclasses := pending.pop().__subclasses__())
        found += [cls for cls in subclasses if "code" in vars(cls)]
    return found


@pytest.fixture(scope="module")
def refusals() -> list[type[Refusal]]:
    found = every_refusal()
    assert len(found) > 10
    return found


def test_no_code_means_two_things(refusals):
    first = {cls.code: cls for cls in reversed(refusals)}
    rivals = [
        f"{cls.__name__} and {first[cls.code].__name__} share {cls.code}"
        for cls in refusals
        if not issubclass(cls, first[cls.code])  # a special case may keep the general code
    ]
    assert rivals == []


def test_codes_are_snake_case_words(refusals):
    form = re.compile(r"[a-z]+(_[a-z0-9]+)*")
    assert [cls.code for cls in refusals if not form.fullmatch(cls.code)] == []


def test_refusals_have_a_client_status_and_a_title(refusals):
    ours = {"internal": 500}  # our own fault has one code; being too busy is no fault
    wrong = [
        cls.code
        for cls in refusals
        if not (400 <= cls.status < 500 or cls.status in {503, ours.get(cls.code)})
    ]
    assert wrong == []
    assert [c.code for c in refusals if not c.title.strip()] == []


def test_refusals_explain_themselves(refusals):
    assert [cls.__name__ for cls in refusals if not (cls.__doc__ or "").strip()] == []
