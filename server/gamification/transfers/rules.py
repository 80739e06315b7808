"""Whether points may be given, and what becomes of their dates: pure decisions."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from server.core.errors import Refusal
from server.gamification.ledger.types import Lot, LotDraw
from server.gamification.programme.types import TransferPolicy
from server.gamification.transfers.errors import (
    FeatureDisabled,
    TransferLimitReached,
    TransferTooEarly,
    TransferTooLarge,
    TransferTooSmall,
    TransferToSelf,
)
from server.gamification.transfers.types import Giving, Share


def check_offered(policy: TransferPolicy | None, unit: str) -> TransferPolicy:
    """Return the policy under which a unit can be given. Raise `FeatureDisabled`."""
    if policy is None or unit not in policy.units:
        raise FeatureDisabled(f"Members cannot give {unit} here.", feature="transfers", unit=unit)
    return policy


def why_not_given(
    giving: Giving, policy: TransferPolicy, given_today: int, joined_at: datetime, now: datetime
) -> Refusal | None:
    """Return why so much cannot be given now, None when it can: the first reason that applies.

    Whether the sender has as much is the ledger's question.
    """
    if giving.sender_id == giving.recipient_id:
        return TransferToSelf()
    if now < joined_at + timedelta(days=policy.account_days_min):
        return TransferTooEarly(days=policy.account_days_min)
    if giving.amount < policy.least:
        return TransferTooSmall(least=policy.least)
    if giving.amount > policy.most:
        return TransferTooLarge(most=policy.most)
    left = left_today(policy, given_today)
    return TransferLimitReached(left=left) if giving.amount > left else None


def left_today(policy: TransferPolicy, given_today: int) -> int:
    """Return how much may still be given today."""
    return max(0, policy.most_per_day - given_today)


def shares_of(
    draws: Sequence[LotDraw], lots: Mapping[str, Lot], idle_at: datetime | None
) -> list[Share]:
    """Return what was drawn, lot by lot, with the dates that it keeps.

    The sender's idle clock at `idle_at` goes along as a date, or points would live on for ever by
    going to and fro.
    """
    shares = []
    for draw in draws:
        lot = lots[draw.lot_id]
        ends = [end for end in (lot.expires_at, idle_at) if end is not None]
        grace_id = lot.id if lot.replaces_id is not None else None
        shares.append(Share(draw.amount, lot.earned_at, min(ends) if ends else None, grace_id))
    return shares


def masked(first_name: str | None) -> str | None:
    """Return as much of a name as another member may see: `A•••`; None when there is none."""
    return f"{first_name[0]}•••" if first_name else None
