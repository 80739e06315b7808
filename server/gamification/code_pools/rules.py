"""Which rows of an upload are codes, and what codes that are made here look like: pure."""

from collections.abc import Callable, Sequence

from server.gamification.code_pools.types import Row, RowError
from server.gamification.vouchers.codes import ALPHABET, normal_code
from server.gamification.vouchers.pool import CODE_LENGTH_MAX

MADE_LENGTH, MADE_GROUP = 16, 4
"""Codes made here have sixteen of 32 characters without look-alikes: 80 random bits."""


def check_rows(rows: Sequence[Row]) -> tuple[dict[str, Row], list[RowError]]:
    """Return the rows that hold codes, by their normal form, and what is wrong with others.

    Blank rows are passed over; of two that a till could not tell apart the second is a fault.
    """
    good: dict[str, Row] = {}
    errors = []
    for row in rows:
        text = row.text.strip()
        why = _why_not(text)
        normal = normal_code(text)
        if why is None and normal in good:
            why = "double"
        if why is not None:
            errors.append(RowError(row.number, why))
        elif normal:
            good[normal] = Row(row.number, text)
    return good, errors


def _why_not(text: str) -> str | None:
    if len(text) > CODE_LENGTH_MAX:
        return "too_long"
    return None if text.isprintable() else "not_printable"


def make_code(pick: Callable[[str], str]) -> str:
    """Return a new code in groups, 7F4K-22QD-9XMP-A3K2; `pick` chooses a character at random."""
    letters = [pick(ALPHABET) for _ in range(MADE_LENGTH)]
    groups = range(0, MADE_LENGTH, MADE_GROUP)
    return "-".join("".join(letters[start : start + MADE_GROUP]) for start in groups)
