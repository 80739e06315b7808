"""Purchases that nobody confirmed in time: they are cancelled, and their pending points go."""

from datetime import datetime

from sqlalchemy import Connection

from server.gamification.activities import queries
from server.gamification.activities.configuration import get_configuration
from server.gamification.activities.types import Recording, Return
from server.gamification.confirmations.service import list_unconfirmed
from server.gamification.ledger.queries import lock_wallets
from server.gamification.playing.returning import return_purchase
from server.gamification.programme.types import POINTS
from server.gamification.returns.goods import FINAL
from server.gamification.returns.service import CANCELLATION

ACTOR = "system:unconfirmed"


def cancel_unconfirmed(tx: Connection, now: datetime, limit: int = 50) -> int:
    """Cancel up to `limit` purchases that were not confirmed in time; return how many were due.

    Call it again, in a transaction each, until it returns 0. Safe twice at once: a purchase is
    looked at again under the lock of its wallet.
    """
    ids = list_unconfirmed(tx, now, limit)
    if not ids:
        return 0
    recording = Recording(get_configuration(tx), ACTOR, now)
    for activity_id in ids:
        lock_wallets(tx, [queries.get_purchase(tx, activity_id).member_id], POINTS)
        row = queries.get_purchase(tx, activity_id)
        if row.confirmed_at is None and row.state not in FINAL:
            return_purchase(tx, activity_id, Return(CANCELLATION, is_cancellation=True), recording)
    return len(ids)
