"""Exchanging full star cards, and the stars with which a first card begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from server.core.ids import new_id
from server.core.outbox import Event, record
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.service import give
from server.gamification.grants.types import Given, Reason
from server.gamification.ledger.book import Book
from server.gamification.ledger.service import open_book, save_book
from server.gamification.ledger.types import Cause
from server.gamification.programme.types import POINTS
from server.gamification.star_cards.errors import StarCardNotFull, StarCardUnknown
from server.gamification.star_cards.models import STAR_CARD_CLAIM
from server.gamification.star_cards.queries import last_number
from server.gamification.star_cards.rules import collected, is_running
from server.gamification.star_cards.types import ClaimMode, StarCard

_INSERT = insert(STAR_CARD_CLAIM)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A card that was exchanged, what it gave, and the wallet of stars after it."""

    claim_id: str
    number: int
    given: Given
    book: Book


def claim(tx: Connection, member_id: str, card: StarCard, actor: str, now: datetime) -> Claimed:
    """Exchange one full card for its gift. Raise `StarCardNotFull`, `NotFound`.

    A card that is no longer on offer can still be claimed when it is full.
    """
    open_book(tx, member_id, POINTS, now)
    book = open_book(tx, member_id, card.unit, now)
    missing = card.target - book.wallet.available
    if missing > 0:
        if not is_running(card, now):
            raise StarCardUnknown
        raise StarCardNotFull(missing=missing, target=card.target)
    return _exchange(tx, card, book, actor, now)


def claim_full(
    tx: Connection, member_id: str, cards: Sequence[StarCard], actor: str, now: datetime
) -> list[Claimed]:
    """Exchange every full card that is exchanged by itself; return what was."""
    claimed = []
    for card in cards:
        if card.claim is ClaimMode.AUTOMATIC:
            book = open_book(tx, member_id, card.unit, now)
            for _ in range(collected(card, book.wallet.available).full):
                book = open_book(tx, member_id, card.unit, now)
                claimed.append(_exchange(tx, card, book, actor, now))
    return claimed


def begin_cards(
    tx: Connection, member_id: str, cards: Sequence[StarCard], actor: str, now: datetime
) -> None:
    """Give the head start of each card that has one; once for each member and card."""
    for card in cards:
        if card.head_start and is_running(card, now):
            stars = Benefit(BenefitKind.STARS, card.head_start, card.unit)
            give(tx, member_id, [stars], Reason("star_card_start", card.id, card.names), actor, now)


def _exchange(tx: Connection, card: StarCard, book: Book, actor: str, now: datetime) -> Claimed:
    member_id, claim_id = book.wallet.member_id, new_id("clm", now)
    number = last_number(tx, member_id, card.id) + 1
    cause = Cause("star_card", claim_id, actor, now, now)
    transfer_id = book.spend(card.target, cause)
    save_book(tx, book)
    row = {"id": claim_id, "member_id": member_id, "card_id": card.id, "number": number}
    row |= {"stars": card.target, "transfer_id": transfer_id, "actor": actor, "claimed_at": now}
    tx.execute(_INSERT, row)
    given = give(
        tx, member_id, card.gift, Reason("star_card", claim_id, card.gift_names), actor, now
    )
    payload = {"card_id": card.id, "claim_id": claim_id, "number": number}
    record(tx, [Event("star_card.claimed", payload, member_id)], now=now)
    return Claimed(claim_id, number, given, book)
