"""Grants: what a grant says it gave is in the ledger, once."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select

from server.core.columns import among
from server.core.statements import Prepared
from server.core.walking import walk
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.invariants.declaring import Invariant
from server.gamification.invariants.types import Setting
from server.gamification.ledger.models import TRANSFER

_G, _T = BENEFIT_GRANT.c, TRANSFER.c
_PAGE = 1000
_ACCRUED = Prepared(
    select(_T.ref_id, _T.id, _T.unit, _T.amount).where(
        among(_T.ref_id, "ids"), _T.ref_kind == "grant", _T.kind == "accrual"
    )
)


def _unlike(tx: Connection, _setting: Setting) -> Iterable[str]:
    """Yield the grants whose parts in points or stars are not exactly their accruals."""
    rows = walk(tx, select(_G.id, _G.parts), [_G.id])
    while page := list(islice(rows, _PAGE)):
        found: dict[str, set[tuple[Any, ...]]] = {row.id: set() for row in page}
        for row in _ACCRUED.all(tx, {"ids": list(found)}):
            found[row.ref_id].add((row.id, row.unit, row.amount))
        yield from (row.id for row in page if found[row.id] != _said(row.parts))


def _said(parts: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {
        (part["ref"], part["key"], part["amount"])
        for part in parts
        if part["kind"] in ("points", "stars") and part["state"] != "refused"
    }


INVARIANTS = (Invariant("T3", "What a grant gave is in the ledger, once.", _unlike),)
