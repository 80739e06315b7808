"""When anything happened last."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from server.core.audit import AUDIT
from server.core.outbox import OUTBOX
from server.gamification.ledger.models import TRANSFER
from server.gamification.members.models import MEMBER
from server.gamification.nights.models import NIGHTLY_RUN

_LATEST = [
    select(func.max(column))
    for column in (
        AUDIT.c.at,
        MEMBER.c.updated_at,
        NIGHTLY_RUN.c.begins_at,
        OUTBOX.c.created_at,
        TRANSFER.c.recorded_at,
    )
]


def last_happening(tx: Connection) -> datetime | None:
    """Return the latest instant at which anything was written down, None in an empty shop."""
    found = [tx.execute(latest).scalar() for latest in _LATEST]
    return max((at for at in found if at is not None), default=None)
