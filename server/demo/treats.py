"""What guests do with what they have: they claim, exchange full cards, and take rewards."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from server.core.errors import Refusal
from server.gamification.challenges.queries import ask_due_rewards, get_challenge
from server.gamification.challenges.service import claim as claim_challenge
from server.gamification.definitions.benefits import BenefitKind
from server.gamification.grants.types import PartState
from server.gamification.ledger.queries import spendable_now
from server.gamification.programme.queries import current_revision
from server.gamification.programme.types import POINTS
from server.gamification.rewards.catalogue import get_catalogue
from server.gamification.star_cards.queries import get_star_cards
from server.gamification.star_cards.service import claim as claim_card
from server.gamification.vouchers.redeeming import Asked, redeem
from server.gamification.vouchers.types import Till
from server.gamification.vouchers.using import use_found

EVERY = 5
MUCH = 1500
LIKED = ("coffee", "five_off", "coffee", "shelter")
T = TypeVar("T")


def treat(tx: Connection, guests: Sequence[str], turn: int, till: Till, now: datetime) -> None:
    """Let each fifth of a day's guests, another fifth each day, claim and take what they can."""
    for number, member_id in enumerate(guests):
        if number % EVERY == turn % EVERY:
            _claim(tx, member_id, till, now)
            if (number // EVERY + turn) % 3 == 0:
                _take(tx, member_id, LIKED[turn % len(LIKED)], till, now)
                _save_less(tx, member_id, till, now)


def attempt(tx: Connection, act: Callable[[], T]) -> T | None:
    """Do something that may be refused; None and nothing done when it was."""
    try:
        with tx.begin_nested():
            return act()
    except Refusal:
        return None


def _claim(tx: Connection, member_id: str, till: Till, now: datetime) -> None:
    """Claim finished challenges and full cards; a gift that came with a card is used at once."""
    actor = f"member:{member_id}"
    for challenge_id in {reward.challenge_id for reward in ask_due_rewards(tx, member_id)()}:
        challenge = get_challenge(tx, challenge_id)
        attempt(tx, partial(claim_challenge, tx, member_id, challenge, actor, now))
    for card in get_star_cards(tx, current_revision(tx)):
        done = attempt(tx, partial(claim_card, tx, member_id, card, actor, now))
        for part in done.given.parts if done else ():
            is_voucher = part.benefit.kind is BenefitKind.REWARD
            if is_voucher and part.state is PartState.GIVEN and part.ref:
                use_found(tx, part.ref, till, now)


def _save_less(tx: Connection, member_id: str, till: Till, now: datetime) -> None:
    """Let those who have saved much take money off their bills."""
    most = spendable_now(tx, member_id, POINTS, now)
    for _ in range((most - MUCH) // 500):
        _take(tx, member_id, "five_off", till, now)


def _take(tx: Connection, member_id: str, key: str, till: Till, now: datetime) -> None:
    """Take a reward and use it at once, as far as the points reach."""
    reward = get_catalogue(tx, current_revision(tx)).by_key[key]
    asked = Asked(member_id, reward.id, None, f"member:{member_id}")
    voucher = attempt(tx, lambda: redeem(tx, asked, now))
    if voucher is not None and not reward.is_used_at_once:
        use_found(tx, voucher.id, till, now)
