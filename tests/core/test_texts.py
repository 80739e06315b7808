"""Texts of one line: what is refused in requests and cut out elsewhere."""

import pytest

from server.core.texts import is_one_line, one_line

NAMES = ["Ana", "Õnne Šmidt", "Лена", "👩\u200d👧", "می\u200cخواهم", "a\u00a0b"]
UNFIT = "\n\r\t\x00\x1b\x7f\x85\u2028\u2029\u202a\u202e\u2066\u2069\u200e\u200f\u061c"


@pytest.mark.parametrize("text", NAMES)
def test_names_of_every_alphabet_are_one_line(text):
    assert is_one_line(text)


@pytest.mark.parametrize("unfit", UNFIT)
def test_breaks_controls_and_marks_of_direction_are_not(unfit):
    assert not is_one_line(f"a{unfit}b")
    assert one_line(f" a{unfit}b ") == "a b"
