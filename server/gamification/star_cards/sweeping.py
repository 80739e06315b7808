"""The nightly exchange: full cards that are exchanged by themselves, for many members at once.

What a purchase brings is exchanged with the purchase. This finds what became full otherwise: stars
that matured, were given by hand, or were there when the card became one of this kind.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Connection, bindparam, select

from server.core.statements import Prepared
from server.gamification.ledger.models import WALLET
from server.gamification.ledger.queries import lock_wallets
from server.gamification.ledger.service import create_wallets
from server.gamification.members.models import MEMBER
from server.gamification.members.types import Status
from server.gamification.programme.queries import current_revision
from server.gamification.programme.types import POINTS
from server.gamification.star_cards.queries import get_star_cards
from server.gamification.star_cards.service import claim_full
from server.gamification.star_cards.types import ClaimMode, StarCard

ACTOR = "system:star_cards"
_PAGE = Prepared(
    select(WALLET.c.member_id)
    .join(MEMBER, MEMBER.c.id == WALLET.c.member_id)
    .where(
        WALLET.c.unit == bindparam("unit"),
        WALLET.c.available >= bindparam("target", type_=BigInteger),
        WALLET.c.member_id > bindparam("after_id"),
        MEMBER.c.status == str(Status.ACTIVE),
    )
    .order_by(WALLET.c.member_id)
    .limit(bindparam("most", type_=BigInteger))
)


def claim_due(tx: Connection, now: datetime, limit: int) -> int:
    """Exchange the full automatic cards of up to `limit` members; return how many cards.

    Call it again, in a transaction each, until it returns 0. Blocked members keep their stars.
    """
    live = get_star_cards(tx, current_revision(tx))
    cards = [card for card in live if card.claim is ClaimMode.AUTOMATIC]
    for unit in sorted({card.unit for card in cards}):
        of_unit = [card for card in cards if card.unit == unit]
        for member_ids in _pages(tx, of_unit, limit):
            claimed = _claim_all(tx, member_ids, of_unit, now)
            if claimed:
                return claimed
    return 0


def _pages(tx: Connection, cards: Sequence[StarCard], limit: int) -> Iterator[list[str]]:
    """Yield members whose wallet says that one of `cards`, all of one unit, is full.

    Stars past their date may still be counted there, so that a page may have nothing to exchange.
    """
    target, after_id = min(card.target for card in cards), ""
    asked = {"unit": cards[0].unit, "target": target, "most": limit}
    while rows := _PAGE.all(tx, asked | {"after_id": after_id}):
        yield [row.member_id for row in rows]
        after_id = rows[-1].member_id


def _claim_all(
    tx: Connection, member_ids: Sequence[str], cards: Sequence[StarCard], now: datetime
) -> int:
    create_wallets(tx, member_ids, POINTS, now)
    lock_wallets(tx, member_ids, POINTS)
    return sum(len(claim_full(tx, one, cards, ACTOR, now)) for one in member_ids)
