"""What a change of the expiry policies does to points that exist already: pure decisions.

A change is never retroactive. Points without a date get one full period from the change on; points
with a date keep it or get a later one, and an earlier one only if a full period is left until then.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from server.core.clock import local_date
from server.gamification.ledger.rules import grace_end
from server.gamification.ledger.types import Lot, Wallet
from server.gamification.points.errors import ExpiryInvalid
from server.gamification.points.rules import expiry_of, idle_end
from server.gamification.programme.types import ExpiryKind, ExpiryPolicy

MONTHS_MAX = 240


def check_policies(policies: Sequence[ExpiryPolicy], now: datetime, zone: ZoneInfo) -> None:
    """Refuse policies that cannot be (`ExpiryInvalid`)."""
    if len(set(policies)) < len(policies):
        raise ExpiryInvalid("A policy is given twice.")
    for policy in policies:
        if policy.kind is ExpiryKind.FIXED_DATE:
            if policy.on is None or policy.on < local_date(now, zone):
                raise ExpiryInvalid("The date must not be past.", on=str(policy.on))
        elif not 1 <= policy.months <= MONTHS_MAX:
            raise ExpiryInvalid(f"Months are 1 to {MONTHS_MAX}.", months=policy.months)


class Redating:
    """The dates of existing points under new policies, as of the change at `now`."""

    def __init__(
        self, expiry: Sequence[ExpiryPolicy], grace_days: int, zone: ZoneInfo, now: datetime
    ) -> None:
        self._expiry, self._grace_days = expiry, grace_days
        self._zone, self._now = zone, now
        self._full = expiry_of(expiry, now, zone)
        self._idle_full = idle_end(expiry, now, zone)

    def lot(self, lot: Lot) -> datetime | None:
        """Return when a lot expires from now on, None for never."""
        is_over = lot.expires_at is not None and lot.expires_at <= self._now
        if not self._expiry and not is_over:
            return None
        if is_over or lot.replaces_id is not None:
            return lot.expires_at
        own = expiry_of(self._expiry, lot.earned_at, self._zone)
        found = _moved(own, self._full, lot.expires_at)
        start = lot.available_at if lot.is_pending else None
        if found is not None and start is not None and found <= start:
            return grace_end(start, self._grace_days, self._zone)
        return found

    def wallet(self, wallet: Wallet, bought_at: datetime | None) -> datetime | None:
        """Return when a wallet's points expire for inactivity; `bought_at` is the last purchase.

        An empty wallet has nothing that could.
        """
        if not (wallet.available or wallet.pending or wallet.held):
            return None
        own = idle_end(self._expiry, bought_at or self._now, self._zone)
        return _moved(own, self._idle_full, wallet.idle_at)


def _moved(own: datetime | None, full: datetime | None, before: datetime | None) -> datetime | None:
    """Return a date moved to `own`, but earlier than `before` only after the `full` period."""
    if own is None:
        return None
    if before is not None and own >= before:
        return own
    latest = max(own, full) if full is not None else before
    return min(latest, before) if latest is not None and before is not None else latest
