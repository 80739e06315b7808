"""What a member has that expires, and when: of every unit, soonest first."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select

from server.core.columns import UTCDateTime
from server.core.statements import Later, Prepared
from server.gamification.ledger.models import LOT, WALLET

Ladder = list[tuple[datetime, int]]
"""Instants of expiry and amounts, soonest first."""
_OF_MEMBER = WALLET.c.member_id == bindparam("member_id")
# The earlier of the lot's own date and the day on which the wallet's points expire for inactivity.
_ENDS_AT: ColumnElement[datetime] = case(
    (LOT.c.expires_at <= WALLET.c.idle_at, LOT.c.expires_at),
    else_=func.coalesce(WALLET.c.idle_at, LOT.c.expires_at, type_=UTCDateTime()),
)
LADDERS = (
    select(WALLET.c.unit, _ENDS_AT.label("expires_at"), func.sum(LOT.c.remaining).label("amount"))
    .join(WALLET, WALLET.c.id == LOT.c.wallet_id)
    .where(
        WALLET.c.member_id == bindparam("member_id"),
        LOT.c.remaining > 0,
        _ENDS_AT.is_not(None),
        ~LOT.c.is_pending,
    )
    .group_by(WALLET.c.unit, _ENDS_AT)
)
"""What expires when, of every unit of the member `member_id`."""
_AT_DATE = Prepared(LADDERS.order_by(_ENDS_AT, WALLET.c.unit))


def expiry_ladder(tx: Connection, member_id: str, unit: str) -> Ladder:
    """Return what expires when: `(expires_at, amount)` of live lots, soonest first.

    Dates already past are included: they are no longer spendable though not yet written off.
    """
    return ask_expiry_ladders(tx, member_id)().get(unit, [])


def ask_expiry_ladders(tx: Connection, member_id: str) -> Later[dict[str, Ladder]]:
    """Send the question what of a member's units expires when; the answers are by unit."""
    sent = _AT_DATE.send(tx, {"member_id": member_id})
    return lambda: ladders_of((row.unit, row.expires_at, row.amount) for row in sent.all())


def ladders_of(steps: Iterable[tuple[str, datetime, int]]) -> dict[str, Ladder]:
    """Return what expires when by unit, out of units, instants and amounts in their order."""
    found: dict[str, Ladder] = {}
    for unit, expires_at, amount in steps:
        found.setdefault(unit, []).append((expires_at, int(amount)))
    return found
