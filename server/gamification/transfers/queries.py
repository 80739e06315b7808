"""Reading what members gave each other, and whom they may mean."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from server.core.crypto import Vault
from server.core.errors import Refusal, ValidationFailed
from server.core.statements import Prepared
from server.gamification.members.lookups import Asker, Probe, recognise
from server.gamification.members.types import Member
from server.gamification.transfers.errors import RecipientUnknown
from server.gamification.transfers.models import MEMBER_TRANSFER

PROBES = ("card", "spoken", "phone", "email")
"""What a member may know of another."""
_M = MEMBER_TRANSFER.c
_GIVEN = Prepared(
    select(func.sum(_M.amount).label("amount")).where(
        _M.sender_id == bindparam("of_member"),
        _M.unit == bindparam("of_unit"),
        _M.created_at >= bindparam("since"),
    )
)


def given_since(tx: Connection, sender_id: str, unit: str, since: datetime) -> int:
    """Return how much of a unit a member has given since an instant."""
    row = _GIVEN.first(tx, {"of_member": sender_id, "of_unit": unit, "since": since})
    return int(row.amount or 0)


def find_recipient(
    tx: Connection, vault: Vault, probe: Probe, region: str, now: datetime
) -> Member:
    """Return the active member whom exactly this card, code, phone or address names.

    Raise `ValidationFailed` for an impossible value, else `RecipientUnknown`: whoever asks learns
    nothing of people who cannot be given points.
    """
    try:
        found = recognise(tx, vault, probe, Asker(region), now)
    except ValidationFailed:
        raise
    except Refusal as refusal:
        raise RecipientUnknown from refusal
    if found is None:
        raise RecipientUnknown
    return found.member
