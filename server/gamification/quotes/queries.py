"""Reading what a quote needs."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Function, Select, and_, func

from server.core.statements import Prepared
from server.gamification.activities.queries import buyer, shopper_of
from server.gamification.activities.types import Shopper
from server.gamification.ledger.models import WALLET
from server.gamification.ledger.queries import HAS_DUE, spendable_now
from server.gamification.members.models import MEMBER
from server.gamification.programme.types import POINTS


def _asker(as_object: Callable[..., Function[Any]]) -> Select[Any]:
    """A member with used caps and the points wallet, for a purchase that is not made yet."""
    is_theirs = and_(WALLET.c.member_id == MEMBER.c.id, WALLET.c.unit == POINTS)
    found = buyer(as_object).join(WALLET, is_theirs, isouter=True)
    return found.add_columns(WALLET.c.available, HAS_DUE)


_ASKER = Prepared(_asker(func.json_object_agg), sqlite=_asker(func.json_group_object))


def find_asker(
    tx: Connection, member_id: str, cap_keys: Sequence[str], now: datetime
) -> tuple[Shopper, int] | None:
    """Return who asks for a quote and what they can spend at `now`, with one statement."""
    of = {"member_id": member_id, "cap_keys": list(cap_keys), "now": now}
    row = _ASKER.first(tx, of)
    if row is None:
        return None
    shopper = shopper_of(row)
    shopper.used = row.used or {}
    if row.has_due:  # what has just expired is still in the books, until the night or a purchase
        return shopper, spendable_now(tx, member_id, POINTS, now)
    return shopper, row.available or 0
