"""L9 and L11: every transfer says why and by whom, and amounts are whole numbers."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Table, and_, func, or_, select

from server.gamification.activities.models import ACTIVITY
from server.gamification.invariants.declaring import Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.ledger.models import HOLD, LOT, LOT_DRAW, TRANSFER, WALLET
from server.gamification.ledger.types import AMOUNT_MAX

_T = TRANSFER.c
_REFERRED = {"activity": ACTIVITY, "return": ACTIVITY, "hold": HOLD, "lot": LOT}
_AMOUNTS: tuple[tuple[Table, str, tuple[str, ...]], ...] = (
    (TRANSFER, "id", ("amount", "balance_after", "wallet_version")),
    (WALLET, "id", ("available", "pending", "held", "debt", "lifetime_earned", "version")),
    (LOT, "id", ("amount", "remaining")),
    (LOT_DRAW, "lot_id", ("amount",)),
    (HOLD, "id", ("amount", "captured")),
)

_causeless = select(_T.id).where(or_(_T.ref_kind == "", _T.ref_id == "", _T.actor == ""))


def _dangling(ref_kind: str, table: Table) -> ColumnElement[bool]:
    known = select(table.c.id).where(table.c.id == _T.ref_id).exists()
    return and_(_T.ref_kind == ref_kind, ~known)


_lost = select(_T.id).where(or_(*(_dangling(kind, table) for kind, table in _REFERRED.items())))


def _not_whole(tx: Connection, _setting: Setting) -> Iterable[str]:
    for table, key, names in _AMOUNTS:
        wrong = [func.abs(table.c[name]) > AMOUNT_MAX for name in names]
        if tx.dialect.name == "sqlite":  # the only one that stores a fraction in such a column
            wrong += [func.typeof(table.c[name]) != "integer" for name in names]
        found = tx.execute(select(table.c[key]).where(or_(*wrong))).scalars()
        yield from (f"{table.name} {row_id}" for row_id in found)


INVARIANTS = (
    in_sql("L9", "Every transfer has a cause and an actor.", _causeless),
    in_sql("L9", "The cause of a transfer exists.", _lost),
    Invariant("L11", "Points are whole numbers of at most 2^53 - 1.", _not_whole),
)
