"""Reading cards and spoken codes."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.core.statements import Prepared
from server.gamification.cards.errors import SpokenCodeExpired
from server.gamification.cards.models import CARD, SPOKEN_CODE
from server.gamification.cards.types import Card, CardState, SpokenCode

_BY_ID = select(CARD).where(CARD.c.id == bindparam("id"))
_BY_NUMBER = select(CARD).where(CARD.c.number == bindparam("number"))
_IN_USE = select(CARD.c.number).where(CARD.c.number.in_(bindparam("numbers", expanding=True)))
_ACTIVE = Prepared(
    select(CARD).where(
        CARD.c.member_id == bindparam("member_id"), CARD.c.state == CardState.ACTIVE.value
    )
)
_SPOKEN = select(SPOKEN_CODE).where(SPOKEN_CODE.c.code == bindparam("code"))
_SPOKEN_OF = (
    select(SPOKEN_CODE)
    .where(SPOKEN_CODE.c.member_id == bindparam("member_id"))
    .order_by(SPOKEN_CODE.c.expires_at.desc())
    .limit(1)
)


def find_card(tx: Connection, card_id: str) -> Card | None:
    """Return a card by id, whatever its state, or None."""
    return _card(tx.execute(_BY_ID, {"id": card_id}).first())


def find_card_by_number(tx: Connection, number: str) -> Card | None:
    """Return a card by its 13-digit number, whatever its state, or None."""
    return _card(tx.execute(_BY_NUMBER, {"number": number}).first())


def list_numbers_in_use(tx: Connection, numbers: Collection[str]) -> set[str]:
    """Return those of `numbers` that a card has, whatever its state."""
    return set(tx.execute(_IN_USE, {"numbers": list(numbers)}).scalars())


def find_active_card(tx: Connection, member_id: str) -> Card | None:
    """Return the active card of a member, or None."""
    return _card(_ACTIVE.first(tx, {"member_id": member_id}))


def find_spoken_code(tx: Connection, member_id: str, now: datetime) -> SpokenCode | None:
    """Return the spoken code that a member can use at `now`, or None."""
    row = tx.execute(_SPOKEN_OF, {"member_id": member_id}).first()
    if row is None or row.expires_at <= now:
        return None
    return SpokenCode(row.code, row.expires_at)


def find_speaker(tx: Connection, code: str, now: datetime) -> str | None:
    """Return the id of the member whose spoken code this is. Raises SpokenCodeExpired."""
    row = tx.execute(_SPOKEN, {"code": code}).first()
    if row is None:
        return None
    if row.expires_at <= now:
        raise SpokenCodeExpired
    return str(row.member_id)


def _card(row: Any) -> Card | None:
    if row is None:
        return None
    return Card(
        id=row.id,
        member_id=row.member_id,
        number=row.number,
        state=CardState(row.state),
        qr_secret_sealed=row.qr_secret_sealed,
        last_used_step=row.last_used_step,
    )
