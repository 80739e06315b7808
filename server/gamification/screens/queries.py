"""What a member's first screen is made of, read with one statement."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Function, Select, bindparam, func, select

from server.core.columns import Json
from server.core.statements import Prepared
from server.gamification.activities.queries import SHOPPER, shopper_of
from server.gamification.activities.types import Shopper
from server.gamification.cards.models import CARD
from server.gamification.cards.types import CardState
from server.gamification.ledger.models import WALLET
from server.gamification.ledger.types import Wallet
from server.gamification.members.models import MEMBER
from server.gamification.points.ladders import LADDERS, Ladder, ladders_of

Gather = Callable[..., Function[Any]]
_BUCKETS = ("unit", "available", "pending", "held", "debt")


@dataclass(frozen=True, slots=True)
class Screen:
    """A member, the card, the wallets, and what of each unit expires when, soonest first.

    `seen` is everything that was read: as long as it is the same, so is all the rest.
    """

    seen: tuple[Any, ...]
    shopper: Shopper
    first_name: str | None
    card_number: str | None
    wallets: list[Wallet]
    ladders: dict[str, Ladder]


def _screen(array_of: Gather, array: Gather) -> Select[Any]:
    """The statement, with the dialect's functions that gather rows and values in JSON arrays."""
    card = select(CARD.c.number).where(
        CARD.c.member_id == MEMBER.c.id, CARD.c.state == CardState.ACTIVE.value
    )
    buckets = array(*(WALLET.c[name] for name in _BUCKETS))
    wallets = select(array_of(buckets, type_=Json)).where(WALLET.c.member_id == MEMBER.c.id)
    steps = LADDERS.subquery()
    step = array(steps.c.unit, steps.c.expires_at, steps.c.amount)
    ladder = select(array_of(step, type_=Json))
    return SHOPPER.add_columns(
        MEMBER.c.first_name,
        card.scalar_subquery().label("card_number"),
        wallets.scalar_subquery().label("wallets"),
        ladder.scalar_subquery().label("ladder"),
    ).where(MEMBER.c.id == bindparam("member_id"))


_SCREEN = Prepared(
    _screen(func.json_agg, func.json_build_array),
    sqlite=_screen(func.json_group_array, func.json_array),
)


def find_screen(tx: Connection, member_id: str) -> Screen | None:
    """Return what the first screen of a member shows, or None when there is no such member."""
    row = _SCREEN.first(tx, {"member_id": member_id})
    if row is None:
        return None
    wallets = [Wallet("", member_id, *values) for values in row.wallets or ()]
    steps = sorted((unit, _instant(at), amount) for unit, at, amount in row.ladder or ())
    return Screen(
        tuple(row), shopper_of(row), row.first_name, row.card_number, wallets, ladders_of(steps)
    )


def _instant(text: str) -> datetime:
    """Read an instant out of JSON; SQLite writes it in UTC without saying so."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
