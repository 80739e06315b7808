"""What members of the café have taken of its rewards: some used, some kept, some given back."""

from collections.abc import Sequence
from datetime import datetime
from itertools import cycle

from sqlalchemy import Connection

from server.core.crypto import Vault
from server.demo.treats import attempt
from server.gamification.programme.queries import current_revision
from server.gamification.rewards.catalogue import get_catalogue
from server.gamification.vouchers.ending import cancel
from server.gamification.vouchers.pool import upload_codes
from server.gamification.vouchers.redeeming import Asked, Reason, issue, redeem
from server.gamification.vouchers.types import Till, Voucher, VoucherState
from server.gamification.vouchers.using import use_found

BOOK_CARDS = 25
TAKEN = ("coffee", "five_off", "shelter", "coffee", "mug")


def take_rewards(
    tx: Connection, vault: Vault, members: Sequence[str], till: Till, now: datetime
) -> None:
    """Let each of these members take a reward, as far as the points reach, and a gift."""
    codes = [f"RAAMAT-{number:04}-{number * 7919 % 10_000:04}" for number in range(BOOK_CARDS)]
    upload_codes(tx, vault, "book_card", codes, till.actor, now)
    for number, (member_id, key) in enumerate(zip(members, cycle(TAKEN), strict=False)):
        issue(tx, member_id, "cake", Reason("staff", "anniversary", till.actor), now)
        voucher = _take(tx, member_id, key, now)
        if voucher is not None and voucher.state is VoucherState.ACTIVE:
            _go_on(tx, voucher, number, till, now)


def _take(tx: Connection, member_id: str, key: str, now: datetime) -> Voucher | None:
    """Take a reward; None when there is not enough for it."""
    reward = get_catalogue(tx, current_revision(tx)).by_key[key]
    asked = Asked(member_id, reward.id, None, f"member:{member_id}")
    return attempt(tx, lambda: redeem(tx, asked, now))


def _go_on(tx: Connection, voucher: Voucher, number: int, till: Till, now: datetime) -> None:
    """Use every third voucher and give every third one back; the others are kept."""
    if number % 3 == 1:
        use_found(tx, voucher.id, till, now)
    elif number % 3 == 2:
        cancel(tx, voucher.member_id, voucher.id, f"member:{voucher.member_id}", now)
