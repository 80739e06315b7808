"""The nightly sweeps: writing down for many wallets at once what has happened by itself.

A sweep is bookkeeping. Points past their date cannot be spent whether or not it ran, and whoever
touches a wallet settles it first; so a sweep that runs late, twice or at the same time as another
changes nothing else. It writes exactly what `Book.settle` would have written.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, select

from server.core.columns import among
from server.core.statements import Prepared, together
from server.gamification.ledger.book import Book
from server.gamification.ledger.models import LOT, WALLET
from server.gamification.ledger.queries import lot_of, wallet_of
from server.gamification.ledger.service import save_books
from server.gamification.ledger.types import Lot

BATCH = 2000
_OPEN = LOT.c.remaining > 0
_LIMIT = bindparam("limit", type_=Integer)
_LOTS_EACH = 8
"""So many lots a wallet are looked through for a batch of wallets; with more it is smaller."""


def _first_due(instant: Any, is_what: Any) -> Prepared:
    """Return the question which wallets have the lots whose turn is first."""
    lots = (
        select(LOT.c.wallet_id, instant.label("at"))
        .where(_OPEN, is_what, instant <= bindparam("now"))
        .order_by(instant)
        .limit(_LIMIT * _LOTS_EACH)
        .subquery("lots")
    )
    of_wallets = select(lots.c.wallet_id).group_by(lots.c.wallet_id)
    return Prepared(of_wallets.order_by(func.min(lots.c.at)).limit(_LIMIT))


_MATURING = _first_due(LOT.c.available_at, LOT.c.is_pending)
_EXPIRING = _first_due(LOT.c.expires_at, ~LOT.c.is_pending)
_IDLING = Prepared(
    select(WALLET.c.id.label("wallet_id"))
    .where(WALLET.c.idle_at <= bindparam("now"))
    .order_by(WALLET.c.idle_at)
    .limit(_LIMIT)
)
_WALLETS = select(WALLET).where(among(WALLET.c.id, "ids")).order_by(WALLET.c.id)
_UNLOCKED, _LOCKED = Prepared(_WALLETS), Prepared(_WALLETS.with_for_update())
_LOTS = Prepared(select(LOT).where(among(LOT.c.wallet_id, "ids"), _OPEN))


def mature_due(tx: Connection, now: datetime, limit: int = BATCH) -> int:
    """Make due points available in up to `limit` wallets; return in how many.

    Call it again, in a transaction each, until it returns 0. Points that expire later than the
    last maturity of a wallet are left to `expire_due`.
    """
    return _sweep(tx, _MATURING, now, limit, until_matured=True)


def expire_due(tx: Connection, now: datetime, limit: int = BATCH) -> int:
    """Let points past their date expire in up to `limit` wallets; return in how many.

    Points without a purchase for too long come after those with a date of their own. Call it
    again, in a transaction each, until it returns 0.
    """
    return _sweep(tx, _EXPIRING, now, limit) or _sweep(tx, _IDLING, now, limit)


def _sweep(
    tx: Connection, due: Prepared, now: datetime, limit: int, *, until_matured: bool = False
) -> int:
    """Settle the wallets whose turn is first, each table with one statement."""
    ids = [row.wallet_id for row in due.all(tx, {"now": now, "limit": limit})]
    if not ids:
        return 0
    books = read_books(tx, ids, is_locked=True)
    for book in books:
        book.settle(now, until_matured=until_matured)
    with together(tx):
        save_books(tx, books)
    return len(ids)


def read_books(tx: Connection, ids: list[str], *, is_locked: bool) -> list[Book]:
    """Read wallets (and lock them in the one order) and return their books with all open lots."""
    rows = (_LOCKED if is_locked else _UNLOCKED).all(tx, {"ids": ids})
    wallets = [wallet_of(row) for row in rows]
    lots: dict[str, list[Lot]] = {wallet.id: [] for wallet in wallets}
    for row in _LOTS.all(tx, {"ids": ids}):
        lots[row.wallet_id].append(lot_of(row))
    return [Book(wallet, lots[wallet.id]) for wallet in wallets]
