"""What is done with cards: issue, block, replace, say aloud, spend with."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, update

from server.core.crypto import Vault
from server.core.errors import NotFound
from server.core.ids import new_id
from server.gamification.cards.errors import CardTaken, QrReplayed
from server.gamification.cards.models import CARD, SPOKEN_CODE
from server.gamification.cards.queries import (
    find_active_card,
    find_card,
    find_card_by_number,
    list_numbers_in_use,
)
from server.gamification.cards.rules import (
    NUMBER_BODY_LENGTH,
    SPOKEN_ALPHABET,
    SPOKEN_LENGTH,
    SPOKEN_SECONDS,
    card_number,
    matching_step,
    normal_card_number,
    rotating_code,
    why_not_spendable,
    why_not_usable,
)
from server.gamification.cards.types import Card, CardState, SpokenCode

_INSERT = insert(CARD)
_END = (
    update(CARD)
    .where(CARD.c.id == bindparam("of_id"), CARD.c.state == CardState.ACTIVE.value)
    .values(state=bindparam("to_state"), ended_at=bindparam("at"))
)
_USE_STEP = (
    update(CARD)
    .where(
        CARD.c.id == bindparam("of_id"),
        or_(CARD.c.last_used_step.is_(None), CARD.c.last_used_step < bindparam("step")),
    )
    .values(last_used_step=bindparam("step"))
    .returning(CARD.c.id)
)
_SPOKEN_INSERT = insert(SPOKEN_CODE)
_SPOKEN_CLEAR = delete(SPOKEN_CODE).where(
    or_(SPOKEN_CODE.c.member_id == bindparam("of_member"), SPOKEN_CODE.c.code == bindparam("old"))
)
_SPOKEN_FORGET = delete(SPOKEN_CODE).where(SPOKEN_CODE.c.expires_at < bindparam("before"))


def issue_card(
    tx: Connection, vault: Vault, member_id: str, now: datetime, number: str | None = None
) -> Card:
    """Give a member an active card, with a printed `number` or a random one.

    The member must have no active card. Raises CardTaken and ValidationFailed.
    """
    chosen = _free_number(tx) if number is None else normal_card_number(number, "/card_number")
    if number is not None and find_card_by_number(tx, chosen) is not None:
        raise CardTaken
    row = _new_row(vault, member_id, chosen, now)
    tx.execute(_INSERT, row)
    return Card(row["id"], member_id, chosen, CardState.ACTIVE, row["qr_secret_sealed"], None)


def issue_cards(tx: Connection, vault: Vault, member_ids: Sequence[str], now: datetime) -> None:
    """Give members who have no active card one each, with random numbers, in one statement."""
    numbers: set[str] = set()
    while len(numbers) < len(member_ids):
        missing = len(member_ids) - len(numbers)
        drawn = {_random_number() for _ in range(missing)} - numbers
        numbers |= drawn - list_numbers_in_use(tx, drawn)
    pairs = zip(member_ids, numbers, strict=True)
    rows = [_new_row(vault, member_id, number, now) for member_id, number in pairs]
    if rows:
        tx.execute(_INSERT, rows)


def _new_row(vault: Vault, member_id: str, number: str, now: datetime) -> dict[str, Any]:
    card_id = new_id("crd", now)
    return {
        "id": card_id,
        "member_id": member_id,
        "number": number,
        "state": CardState.ACTIVE,
        "qr_secret_sealed": vault.seal(secrets.token_hex(32), context_of(card_id)),
        "created_at": now,
    }


def _free_number(tx: Connection) -> str:
    """Return a random card number that no card has; ten digits leave room for many tries."""
    while True:
        number = _random_number()
        if find_card_by_number(tx, number) is None:
            return number


def _random_number() -> str:
    return card_number(secrets.randbelow(10**NUMBER_BODY_LENGTH))


def context_of(card_id: str) -> str:
    """Return the context that binds a sealed master secret to its card."""
    return f"card:{card_id}"


def master_secret(vault: Vault, card: Card) -> bytes:
    """Return the master secret of a card's rotating code."""
    return bytes.fromhex(vault.open(card.qr_secret_sealed, context_of(card.id)))


def block_card(tx: Connection, member_id: str, now: datetime) -> Card:
    """Block the member's active card, for ever. Raises NotFound when there is none."""
    return _end_card(tx, member_id, CardState.BLOCKED, now)


def replace_card(
    tx: Connection, vault: Vault, member_id: str, now: datetime, number: str | None = None
) -> Card:
    """End the active card, if there is one, and give the member a new one. Raises CardTaken."""
    if find_active_card(tx, member_id) is not None:
        _end_card(tx, member_id, CardState.REPLACED, now)
    return issue_card(tx, vault, member_id, now, number)


def _end_card(tx: Connection, member_id: str, state: CardState, now: datetime) -> Card:
    card = find_active_card(tx, member_id)
    if card is None:
        raise NotFound("The member has no active card.")
    tx.execute(_END, {"of_id": card.id, "to_state": state, "at": now})
    return card


def new_spoken_code(tx: Connection, member_id: str, now: datetime) -> SpokenCode:
    """Give a member a fresh spoken code for two minutes; an earlier one ends."""
    code = "".join(secrets.choice(SPOKEN_ALPHABET) for _ in range(SPOKEN_LENGTH))
    expires_at = now + timedelta(seconds=SPOKEN_SECONDS)
    tx.execute(_SPOKEN_CLEAR, {"of_member": member_id, "old": code})
    tx.execute(_SPOKEN_INSERT, {"code": code, "member_id": member_id, "expires_at": expires_at})
    return SpokenCode(code, expires_at)


def fresh_step(vault: Vault, card: Card, digits: str, now: datetime) -> int | None:
    """Return the step of a rotating code that could spend at `now`, or None."""
    step = matching_step(master_secret(vault, card), digits, now)
    return None if why_not_spendable(step, card.last_used_step) else step


def spend_with_code(tx: Connection, vault: Vault, payload: str, now: datetime) -> str:
    """Use up a rotating code for spending and return the member's id.

    Raises QrStale, QrReplayed, CardBlocked, NotFound. Two tills with the same code at once: one
    gets QrReplayed.
    """
    code = rotating_code(payload)
    card = find_card(tx, code.card_id)
    if card is None:
        raise NotFound("There is no such card.")
    step = matching_step(master_secret(vault, card), code.digits, now)
    refusal = why_not_usable(card.state) or why_not_spendable(step, card.last_used_step)
    if refusal is not None:
        raise refusal
    if tx.execute(_USE_STEP, {"of_id": card.id, "step": step}).first() is None:
        raise QrReplayed
    return card.member_id


def forget_spoken_codes(tx: Connection, now: datetime) -> int:
    """Delete spoken codes that ended a day ago; return how many."""
    return tx.execute(_SPOKEN_FORGET, {"before": now - timedelta(days=1)}).rowcount
