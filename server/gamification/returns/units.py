"""What a return takes back in other units than points: stars go as they came, the rest is owed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from server.gamification.activities import trace
from server.gamification.earning.rules import points_left
from server.gamification.earning.service import uncount
from server.gamification.earning.types import Line
from server.gamification.ledger.service import open_book, save_book
from server.gamification.ledger.types import Cause, Wallet
from server.gamification.programme.types import Rounding


def take_back_units(
    tx: Connection, row: Any, lines: tuple[Sequence[Line], Sequence[Line]], cause: Cause
) -> tuple[Wallet, ...]:
    """Claw back what the returned part of an activity earned; return the wallets as they are then.

    `lines` are those left before and after the return. Stars that were spent become a debt that
    the next stars settle.
    """
    wallets = []
    for unit, part in row.trace.get("units", {}).items():
        before, after = _before(row, part, lines[0]), _left(row, part, lines[1])
        gone = sum(before) - sum(after)
        if gone:
            book = open_book(tx, row.member_id, unit, cause.recorded_at)
            reversal = replace(cause, reverses_id=part["transfer_id"])
            book.claw_back(gone, reversal, as_debt=True)
            save_book(tx, book)
            wallets.append(book.wallet)
        _uncount(tx, row, part, before, after)
    return tuple(wallets)


def _before(row: Any, part: Mapping[str, Any], left: Sequence[Line]) -> list[int]:
    if row.returned is None:
        return [accrual["points"] for accrual in part["accruals"]]
    return _left(row, part, left)


def _left(row: Any, part: Mapping[str, Any], left: Sequence[Line]) -> list[int]:
    rounding = Rounding(row.trace["rounding"])
    return [points_left(accrual, left, rounding) for accrual in trace.load_accruals(part)]


def _uncount(
    tx: Connection, row: Any, part: Mapping[str, Any], before: list[int], after: list[int]
) -> None:
    for accrual, had, has in zip(part["accruals"], before, after, strict=True):
        if accrual["cap_key"] and had > has:
            uncount(tx, row.member_id, accrual["cap_key"], had - has)
